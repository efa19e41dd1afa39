using Integrations.Core.Telegram.Accounts;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Client;
using Integrations.Testing;
using Integrations.Workers.Tests.Media;

namespace Integrations.Workers.Tests.WorkingGroups;

/// <summary>Anna's account works for the project, boris is the operator in the town square, the others write from outside.</summary>
public sealed class WorkingGroupTests(Servers servers)
{
    private static readonly PeerRef Anna = PeerRef.User(Seed.Anna);

    [Fact]
    public async Task A_message_from_outside_opens_a_topic_and_an_answer_there_reaches_the_sender_from_the_account()
    {
        await using var town = await GroupTown.StartAsync(servers);
        await using var worker = await town.WorkerAsync();
        var account = await town.ConnectAsync();

        town.Phone("gleb").Send(Anna, "Is the blue one still there?");
        var topic = await town.UntilTopicAsync("Gleb Gusev · Anna");
        var copy = await town.UntilPostAsync(topic.Id, "Is the blue one still there?");
        Assert.Equal("👤 Gleb Gusev → Anna\nIs the blue one still there?", copy.Text);

        var question = town.Phone("gleb").Messages(Anna)[^1];
        town.Answer(topic.Id, "Yes, the last one", replyTo: copy.Id);
        var read = await Eventually.BecomesAsync(
            "gleb has the answer", _ => Task.FromResult(town.Phone("gleb").Messages(Anna)[^1]), message => message.Text == "Yes, the last one");
        Assert.Equal((Seed.Anna, question.Id), (read.FromId, read.ReplyTo));
        Assert.Equal("✓ Delivered", (await town.UntilPostAsync(topic.Id, "✓")).Text);

        // One message each, counted by the law of sending; the square itself, which anna reads too, is nobody's topic.
        await town.UntilNothingWaitsAsync();
        Assert.Single(town.Topics());
        Assert.Equal(["personal_telegram 1 1 0 0"], await town.RowsAsync("select concat_ws(' ', channel, accepted, delivered, failed, in_flight) from doors.message_balance()"));
        Assert.Equal(["Boris Belov"], await town.RowsAsync($"select author_name from topic_answers t join messages m on m.id = t.message_id where m.account_id = '{account}'"));
        Assert.Equal("0", (await town.RowsAsync("select count(*) from dialogs where bot_id is not null"))[0]);
    }

    [Fact]
    public async Task An_answer_that_fails_says_why_and_is_sent_again_by_its_button()
    {
        await using var town = await GroupTown.StartAsync(servers);
        await using var worker = await town.WorkerAsync();
        var account = await town.ConnectAsync();
        town.Phone("gleb").Send(Anna, "Hello?");
        var topic = await town.UntilTopicAsync("Gleb");
        await town.UntilPostAsync(topic.Id, "Hello?");
        await town.Installation.Customer.WantAsync(account, AccountGoal.Paused);
        await town.Installation.Customer.UntilAccountAsync(account, "paused");

        town.Answer(topic.Id, "Good morning");

        var failed = await town.UntilPostAsync(topic.Id, "✗");
        Assert.Equal("✗ Not delivered: the account is not connected", failed.Text);
        var button = Assert.Single(failed.Keyboard!.Rows.SelectMany(row => row));
        Assert.Equal("Send again", button.Text);
        Assert.Equal("The account is not connected. Connect it again first.", (await PressAsync(town, failed, button))!.Text);

        await town.Installation.Customer.WantAsync(account, AccountGoal.Connected);
        await town.Installation.Customer.UntilAccountAsync(account, "active");
        Assert.Equal("It is being sent again.", (await PressAsync(town, failed, button))!.Text);
        await Eventually.BecomesAsync("gleb has it", _ => Task.FromResult(town.Phone("gleb").Messages(Anna)[^1].Text), text => text == "Good morning");
        var seen = await Eventually.BecomesAsync("the same line tells it", _ => Task.FromResult(town.In(topic.Id).Single(message => message.Id == failed.Id)), message => message.Text == "✓ Delivered");
        Assert.Null(seen.Keyboard);
        Assert.Equal(["personal_telegram 1 1 0 0"], await town.RowsAsync("select concat_ws(' ', channel, accepted, delivered, failed, in_flight) from doors.message_balance()"));
    }

    [Fact]
    public async Task Several_bots_share_the_posting_and_an_answer_that_all_of_them_bring_is_sent_once()
    {
        await using var town = await GroupTown.StartAsync(servers, bots: 3);
        await using var worker = await town.WorkerAsync();
        await town.ConnectAsync();
        foreach (var person in new[] { "gleb", "egor", "zoya" })
            town.Phone(person).Send(Anna, $"From {person}");
        foreach (var person in new[] { "Gleb", "Egor", "Zoya" })
            await town.UntilPostAsync((await town.UntilTopicAsync(person)).Id, "From");

        town.Answer((await town.UntilTopicAsync("Gleb")).Id, "Once, please");
        await town.UntilPostAsync((await town.UntilTopicAsync("Gleb")).Id, "✓");
        await Eventually.BecomesAsync(
            "each bot has brought it", _ => town.Installation.ScalarAsync<long>("select count(distinct bot_id) from telegram_bot_updates where processed_at is not null and chat_id is not null"), count => count == 3);
        await town.UntilNothingWaitsAsync();

        Assert.Single(town.Phone("gleb").Messages(Anna), message => message.Text == "Once, please");
        Assert.Equal(3, town.Calls.Where(call => call.Method is "sendMessage" or "createForumTopic" or "editMessageText").Select(call => call.Token).Distinct().Count());
    }

    [Fact]
    public async Task A_topic_that_somebody_deletes_is_made_again_with_the_next_message()
    {
        await using var town = await GroupTown.StartAsync(servers);
        await using var worker = await town.WorkerAsync();
        await town.ConnectAsync();
        town.Phone("gleb").Send(Anna, "First");
        var first = await town.UntilTopicAsync("Gleb");
        await town.UntilPostAsync(first.Id, "First");

        town.Installation.Telegram.World.DeleteTopic(Seed.Boris, Seed.Town, first.Id, null);
        town.Phone("gleb").Send(Anna, "Second");

        var second = await town.UntilTopicAsync(topic => topic.Title.StartsWith("Gleb", StringComparison.Ordinal) && topic.Id > first.Id);
        await town.UntilPostAsync(second.Id, "Second");
        town.Answer(second.Id, "Here again");
        await town.UntilPostAsync(second.Id, "✓");
        Assert.Equal("Here again", town.Phone("gleb").Messages(Anna)[^1].Text);
    }

    [Fact]
    public async Task While_the_bot_is_put_out_everything_waits_and_goes_on_in_order_when_it_is_back()
    {
        await using var town = await GroupTown.StartAsync(servers);
        await using var worker = await town.WorkerAsync();
        await town.ConnectAsync();
        town.Phone("gleb").Send(Anna, "Before");
        var topic = await town.UntilTopicAsync("Gleb");
        await town.UntilPostAsync(topic.Id, "Before");

        town.Phone("boris").Ban(GroupTown.Square, town.Bots[0].Id);
        await Eventually.BecomesAsync("it is known", _ => town.RowsAsync("select status from bot_groups"), rows => rows is ["kicked"]);
        foreach (var i in Enumerable.Range(1, 5))
            town.Phone("gleb").Send(Anna, $"Meanwhile {i}");
        await Eventually.BecomesAsync("they wait", _ => town.Installation.ScalarAsync<long>("select count(*) from mirror_items"), count => count == 5);
        Assert.DoesNotContain(town.In(topic.Id), message => message.Text.Contains("Meanwhile", StringComparison.Ordinal));

        town.Installation.Telegram.World.Unban(Seed.Boris, GroupTown.Square, town.Bots[0].Id, null);
        town.Phone("boris").Invite(GroupTown.Square, town.Bots[0].Id);
        town.Phone("boris").Promote(GroupTown.Square, town.Bots[0].Id, "can_manage_topics");

        // All five stand in one post: they waited together.
        var joined = await town.UntilPostAsync(topic.Id, "Meanwhile 5");
        Assert.Equal("👤 Gleb Gusev → Anna\nMeanwhile 1\nMeanwhile 2\nMeanwhile 3\nMeanwhile 4\nMeanwhile 5", joined.Text);
        await town.UntilNothingWaitsAsync();
    }

    [Fact]
    public async Task After_a_crash_between_a_post_and_its_record_nothing_is_missing()
    {
        await using var town = await GroupTown.StartAsync(servers);
        var first = await town.WorkerAsync();
        var account = await town.ConnectAsync();
        town.Phone("gleb").Send(Anna, "Before");
        var topic = await town.UntilTopicAsync("Gleb");
        await town.UntilPostAsync(topic.Id, "Before");
        await town.UntilNothingWaitsAsync();
        var held = new TaskCompletionSource();
        var posted = new TaskCompletionSource();
        town.Answered = async (method, body, ct) =>
        {
            if (method == "sendMessage" && body["text"]!.GetValue<string>().Contains("Once more", StringComparison.Ordinal) && posted.TrySetResult())
                await held.Task.WaitAsync(ct);
        };
        town.Phone("gleb").Send(Anna, "Once more");
        await posted.Task.WaitAsync(TestContext.Current.CancellationToken);
        await first.KillAsync();
        town.Answered = (_, _, _) => Task.CompletedTask;
        held.SetResult();

        await using var second = await town.WorkerAsync();
        await town.Installation.Customer.UntilAccountAsync(account, "active");
        await town.UntilNothingWaitsAsync(TimeSpan.FromSeconds(90));

        // Twice is allowed, none is not; and the copy that is known goes on being changed.
        Assert.Equal(2, town.In(topic.Id).Count(message => message.Text.Contains("Once more", StringComparison.Ordinal)));
        Assert.Equal(["1"], await town.RowsAsync("select count(*) from mirror_posts p join messages m on m.id = p.message_id where m.text = 'Once more'"));
    }

    [Fact]
    public async Task What_becomes_of_a_message_is_shown_in_its_copy()
    {
        await using var town = await GroupTown.StartAsync(servers);
        await using var worker = await town.WorkerAsync();
        var account = await town.ConnectAsync();
        await using var gleb = await SignInAsync(town, "gleb");
        var anna = await gleb.FindAsync("anna");
        var said = await gleb.SendTextAsync(anna, "Ten peaces");
        var topic = await town.UntilTopicAsync("Gleb");
        var copy = await town.UntilPostAsync(topic.Id, "Ten peaces");

        await gleb.EditAsync(anna, said, "Ten pieces");
        await Eventually.BecomesAsync("the copy is changed", _ => Task.FromResult(Text(town, copy)), text => text == "👤 Gleb Gusev → Anna\nTen pieces\n✎ edited");
        await gleb.DeleteAsync(anna, said);
        await Eventually.BecomesAsync("the copy says so", _ => Task.FromResult(Text(town, copy)), text => text.EndsWith("Ten pieces\n✎ edited\n🗑 deleted by its author", StringComparison.Ordinal));

        // What is written in another place is told here, too, with who and what became of it.
        var elsewhere = await town.Installation.Customer.AskToSendAsync(account, new(DialogId: Guid.Parse((await town.RowsAsync($"select id from dialogs where peer_id = {Seed.Gleb}"))[0])), "From the desk");
        await town.Installation.Customer.UntilMessageAsync(elsewhere, "delivered");
        await Eventually.BecomesAsync(
            "it is shown as delivered", _ => Task.FromResult(town.In(topic.Id)[^1].Text), text => text.EndsWith("→ Gleb Gusev\nFrom the desk", StringComparison.Ordinal));
        Assert.Single(town.Topics());
    }

    [Fact]
    public async Task Files_are_shown_as_what_they_are_and_an_album_as_one()
    {
        await using var town = await GroupTown.StartAsync(servers);
        await using var worker = await town.WorkerAsync();
        await town.ConnectAsync();
        await using var gleb = await SignInAsync(town, "gleb");
        var anna = await gleb.FindAsync("anna");

        await gleb.SendPhotoAsync(anna, Pictures.Png(32, 20), "Look at this");
        var topic = await town.UntilTopicAsync("Gleb");
        var photo = await town.UntilPostAsync(topic.Id, "Look at this");
        Assert.NotNull(photo.FileId);
        Assert.Equal("👤 Gleb Gusev → Anna\nLook at this", photo.Text);
        await gleb.SendVoiceAsync(anna, Pictures.Noise(3000));
        await Eventually.BecomesAsync("the voice is there", _ => Task.FromResult(town.In(topic.Id)), posts => posts.Count == 2 && posts[1].FileId is not null);
        await gleb.SendAlbumAsync(anna, "Three of them", Pictures.Png(10, 10), Pictures.Png(20, 10), Pictures.Png(30, 10));

        await Eventually.BecomesAsync("the album is there", _ => Task.FromResult(town.In(topic.Id)), posts => posts.Count == 5);
        var album = town.In(topic.Id).Skip(2).ToArray();
        Assert.Single(album.Select(post => post.GroupedId).Distinct());
        Assert.NotNull(album[0].GroupedId);
        Assert.Equal(["👤 Gleb Gusev → Anna\nThree of them", "", ""], album.Select(post => post.Text));
        await town.UntilNothingWaitsAsync();
        Assert.Equal(["sendPhoto 200", "sendVoice 200", "sendMediaGroup 200"], town.Calls.Where(call => call.Method is "sendPhoto" or "sendVoice" or "sendMediaGroup").Select(call => $"{call.Method} {call.Status}"));
    }

    [Fact]
    public async Task Closing_the_topic_closes_the_dialog_and_the_next_message_opens_both()
    {
        await using var town = await GroupTown.StartAsync(servers);
        await using var worker = await town.WorkerAsync();
        await town.ConnectAsync();
        town.Phone("gleb").Send(Anna, "A question");
        var topic = await town.UntilTopicAsync("Gleb");
        await town.UntilPostAsync(topic.Id, "A question");

        town.Installation.Telegram.World.EditTopic(Seed.Boris, Seed.Town, topic.Id, null, null, closed: true, null, null);
        await Eventually.BecomesAsync("the dialog is closed", _ => ClosedAsync(town), closed => closed);
        town.Phone("gleb").Send(Anna, "One more question");

        await town.UntilPostAsync(topic.Id, "One more question");
        await Eventually.BecomesAsync("the topic is open", _ => Task.FromResult(town.Topics().Single().Closed), closed => !closed);
        Assert.False(await ClosedAsync(town));

        // Closed from here, the topic follows.
        await town.Installation.ExecuteAsync(
            $"""
             update dialogs set closed_at = now() where peer_id = {Seed.Gleb};
             insert into outbox (tenant_id, user_id, account_id, type, data) select tenant_id, 1, personal_account_id, 'dialog.updated', jsonb_build_object('id', id) from dialogs where peer_id = {Seed.Gleb};
             """);
        await Eventually.BecomesAsync("the topic is closed", _ => Task.FromResult(town.Topics().Single().Closed), closed => closed);
    }

    [Fact]
    public async Task Who_this_is_is_told_on_request_and_what_cannot_be_done_is_said()
    {
        await using var town = await GroupTown.StartAsync(servers, bots: 2);
        await town.Installation.ExecuteAsync("update working_groups set language = 'ru'");
        await using var worker = await town.WorkerAsync();
        await town.ConnectAsync();
        town.Phone("gleb").Send(Anna, "Hello");
        var topic = await town.UntilTopicAsync("Gleb");
        await town.UntilPostAsync(topic.Id, "Hello");

        town.Answer(topic.Id, "/who");
        var who = await town.UntilPostAsync(topic.Id, "Telegram ID");
        Assert.Contains($"имя пользователя: @gleb", who.Text, StringComparison.Ordinal);
        Assert.Contains($"Telegram ID: {Seed.Gleb}", who.Text, StringComparison.Ordinal);

        var answer = town.Answer(topic.Id, "Wrng");
        await town.UntilPostAsync(topic.Id, "✓ Доставлено");
        // Telegram has it no more when it is changed.
        town.Phone("gleb").Delete(Anna, town.Phone("gleb").Messages(Anna)[^1].Id, forEverybody: true);
        town.Installation.Telegram.World.Edit(Seed.Boris, GroupTown.Square, answer.Id, new("Wrong", null, null, null), null);
        await town.UntilPostAsync(topic.Id, "Эту правку не удалось перенести");
        town.Phone("boris").Send(GroupTown.Square, "Not in a topic");
        await town.UntilNothingWaitsAsync();

        // Two bots brought each of these; each was answered once, and neither the command nor the rest went out.
        Assert.Equal(1, town.In(topic.Id).Count(message => message.Text.Contains("Telegram ID", StringComparison.Ordinal)));
        Assert.DoesNotContain(town.Phone("gleb").Messages(Anna), message => message.FromId == Seed.Anna);
        Assert.Equal("1", (await town.RowsAsync("select count(*) from messages where direction = 'personal_telegram_out'"))[0]);
    }

    [Fact]
    public async Task Files_in_a_topic_go_out_from_the_account_an_album_as_one_and_what_cannot_be_fetched_is_said()
    {
        await using var town = await GroupTown.StartAsync(servers, bots: 2);
        await using var worker = await town.WorkerAsync();
        await town.ConnectAsync();
        town.Phone("gleb").Send(Anna, "Show me");
        var topic = await town.UntilTopicAsync("Gleb");
        await town.UntilPostAsync(topic.Id, "Show me");
        await using var boris = await SignInAsync(town, "boris");
        var square = await boris.FindAsync("town_square");

        await boris.SendPhotoAsync(square, Pictures.Png(32, 20), "The blue one", topic.Id);
        var photo = await UntilGlebHasAsync(town, messages => messages is [.., { Text: "The blue one" }]);
        Assert.Equal((Seed.Anna, "photo"), (photo[^1].FromId, await KindAsync(town)));
        await boris.SendVoiceAsync(square, Pictures.Noise(3000), topic.Id);
        await UntilGlebHasAsync(town, messages => messages.Count == 3);
        Assert.Equal("voice", await KindAsync(town));
        await boris.SendAlbumToAsync(square, topic.Id, "Two of them", Pictures.Png(10, 10), Pictures.Png(20, 10));
        await UntilGlebHasAsync(town, messages => messages.Count == 5);
        var album = town.Installation.Telegram.World.MessagesAfter(Seed.Gleb, Anna, 0, 100).TakeLast(2).ToArray();
        Assert.NotNull(album[0].GroupedId);
        Assert.Equal(album[0].GroupedId, album[1].GroupedId);
        await town.UntilPostAsync(topic.Id, "✓");

        // A file that Telegram does not give is no answer that hangs: the topic says so, and what comes after it goes out.
        town.Refused = method => method == "getFile" ? "Bad Request: file is too big" : null;
        await boris.SendPhotoAsync(square, Pictures.Png(40, 40), "Lost", topic.Id);
        town.Answer(topic.Id, "In words, then");
        var failed = await town.UntilPostAsync(topic.Id, "✗");
        Assert.Equal("✗ Not delivered: the file is too big to be passed on by a bot", failed.Text);
        await UntilGlebHasAsync(town, messages => messages is [.., { Text: "In words, then" }]);
        town.Refused = _ => null;
        Assert.Equal("It is being sent again.", (await PressAsync(town, failed, Assert.Single(failed.Keyboard!.Rows.SelectMany(row => row))))!.Text);
        await UntilGlebHasAsync(town, messages => messages is [.., { Text: "Lost" }]);
        await town.UntilNothingWaitsAsync();
        Assert.Equal(["personal_telegram 6 6 0 0"], await town.RowsAsync("select concat_ws(' ', channel, accepted, delivered, failed, in_flight) from doors.message_balance()"));
    }

    [Fact]
    public async Task A_changed_answer_is_changed_at_the_other_side_before_and_after_it_is_sent()
    {
        await using var town = await GroupTown.StartAsync(servers, bots: 2);
        await using var worker = await town.WorkerAsync();
        var account = await town.ConnectAsync();
        town.Phone("gleb").Send(Anna, "When?");
        var topic = await town.UntilTopicAsync("Gleb");
        await town.UntilPostAsync(topic.Id, "When?");
        var answer = town.Answer(topic.Id, "Tomorow");
        await town.UntilPostAsync(topic.Id, "✓ Delivered");

        town.Installation.Telegram.World.Edit(Seed.Boris, GroupTown.Square, answer.Id, new("Tomorrow", null, null, null), null);

        await UntilGlebHasAsync(town, messages => messages is [_, { Text: "Tomorrow" }]);
        await town.UntilPostAsync(topic.Id, "✓ Delivered · ✎ edited");
        await town.UntilNothingWaitsAsync();
        // Both bots brought it; it was changed once.
        Assert.Equal(["edit done Tomorrow"], await town.RowsAsync("select concat_ws(' ', kind, state, text) from message_changes"));
        Assert.Equal(["Tomorrow"], await town.RowsAsync($"select text from messages where account_id = '{account}' and direction = 'personal_telegram_out'"));
    }

    [Fact]
    public async Task A_topic_bears_the_name_that_the_person_has_now()
    {
        await using var town = await GroupTown.StartAsync(servers);
        await using var worker = await town.WorkerAsync();
        await town.ConnectAsync();
        town.Phone("gleb").Send(Anna, "Hello");
        var topic = await town.UntilTopicAsync("Gleb Gusev · Anna");
        await town.UntilPostAsync(topic.Id, "Hello");

        await town.Installation.ExecuteAsync($"update telegram_peers set title = 'Igor Gusev' where peer_id = {Seed.Gleb}; update dialogs set title = 'Igor Gusev' where peer_id = {Seed.Gleb}");
        town.Phone("gleb").Send(Anna, "I am called otherwise now");

        await town.UntilPostAsync(topic.Id, "I am called otherwise now");
        Assert.Equal(["Igor Gusev · Anna"], town.Topics().Select(one => one.Title));
        await town.UntilNothingWaitsAsync();
        Assert.Single(town.Calls, call => call.Method == "editForumTopic");
    }

    private static Task<IReadOnlyList<Sandbox.Telegram.Phone.PhoneMessage>> UntilGlebHasAsync(GroupTown town, Predicate<IReadOnlyList<Sandbox.Telegram.Phone.PhoneMessage>> condition) =>
        Eventually.BecomesAsync("gleb has it", _ => Task.FromResult(town.Phone("gleb").Messages(Anna)), condition);

    /// <summary>Of the file that was stored last.</summary>
    private static async Task<string> KindAsync(GroupTown town) => (await town.RowsAsync("select kind from media order by id desc limit 1"))[0];

    private static string Text(GroupTown town, StoredMessage copy) => town.In(copy.TopicId!.Value).First(message => message.Id == copy.Id).Text;

    private static async Task<bool> ClosedAsync(GroupTown town) => (await town.RowsAsync($"select closed_at is not null from dialogs where peer_id = {Seed.Gleb}"))[0] == "True";

    private static Task<OtherSide> SignInAsync(GroupTown town, string name) => AccountMediaTests.SignInAsync(town.Installation, name);

    private static Task<Sandbox.Telegram.Phone.PhoneAnswer?> PressAsync(GroupTown town, StoredMessage message, InlineButton button) =>
        town.Phone("boris").PressAsync(GroupTown.Square, message.Id, button.Data!, TestContext.Current.CancellationToken);
}
