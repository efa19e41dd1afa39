using System.Net.Http.Json;
using System.Text.Json;
using Integrations.Sandbox.Telegram;
using Integrations.Sandbox.Telegram.Phone;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Phone;
using Integrations.Testing;

namespace Integrations.Sandbox.Tests.Telegram.BotFather;

public sealed class BotFatherTests(APhoneHost host) : IClassFixture<APhoneHost>
{
    private static readonly PeerRef Father = PeerRef.User(Seed.BotFather);

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task He_makes_a_bot_of_a_name_and_a_username_and_tells_its_token()
    {
        var egor = host.Telegram.PhoneOf("egor");
        Assert.StartsWith("I can help you", (await AskAsync(egor, "/start")).Text, StringComparison.Ordinal);
        Assert.StartsWith("Alright, a new bot.", (await AskAsync(egor, "/newbot")).Text, StringComparison.Ordinal);
        Assert.StartsWith("Good. Now let's choose a username", (await AskAsync(egor, "Egor's shop")).Text, StringComparison.Ordinal);
        Assert.StartsWith("Sorry, the username must end in 'bot'", (await AskAsync(egor, "egor_shop")).Text, StringComparison.Ordinal);
        Assert.Equal("Sorry, this username is invalid.", (await AskAsync(egor, "egor-shop-bot")).Text);
        var done = await AskAsync(egor, "egor_shop_bot");

        var bot = Assert.Single(egor.Bots);
        Assert.Equal(("Egor's shop", "egor_shop_bot"), (bot.Name, bot.Username));
        Assert.Contains(bot.Token, done.Text, StringComparison.Ordinal);
        var code = Assert.Single(done.Entities);
        Assert.Equal(("code", bot.Token), (code.Kind, done.Text.Substring(code.Offset, code.Length)));
        Assert.Equal(200, await MeAsync(bot.Token));
        Assert.Contains(egor.Find("@egor_shop"), found => found.IsBot && found.Title == "Egor's shop");
    }

    [Fact]
    public async Task A_taken_username_is_refused_and_another_may_be_tried()
    {
        var zoya = host.Telegram.PhoneOf("zoya");
        host.Telegram.PhoneOf("gleb").MakeBot("Other", "taken_bot");
        await AskAsync(zoya, "/newbot");
        await AskAsync(zoya, "Mine");

        Assert.Equal("Sorry, this username is already taken. Please try something different.", (await AskAsync(zoya, "@Taken_Bot")).Text);
        Assert.StartsWith("Done!", (await AskAsync(zoya, "not_taken_bot")).Text, StringComparison.Ordinal);
        Assert.Equal("Mine", Assert.Single(zoya.Bots).Name);
    }

    [Fact]
    public async Task A_new_token_ends_the_old_one_privacy_is_switched_and_a_bot_is_deleted_for_good()
    {
        var dana = host.Telegram.PhoneOf("dana");
        Assert.StartsWith("You don't have any bots yet.", (await AskAsync(dana, "/mybots")).Text, StringComparison.Ordinal);
        var first = dana.MakeBot("Helper", "dana_helper_bot");
        Assert.Contains("@dana_helper_bot - Helper", (await AskAsync(dana, "/mybots")).Text, StringComparison.Ordinal);

        await AskAsync(dana, "/token");
        Assert.StartsWith("Invalid bot selected.", (await AskAsync(dana, "@somebody_elses_bot")).Text, StringComparison.Ordinal);
        var told = await AskAsync(dana, "@dana_helper_bot");
        var second = Assert.Single(dana.Bots).Token;
        Assert.Contains(second, told.Text, StringComparison.Ordinal);
        Assert.Equal((401, 200), (await MeAsync(first.Token), await MeAsync(second)));

        await AskAsync(dana, "/setprivacy");
        Assert.EndsWith("Current status is: ENABLED", (await AskAsync(dana, "@dana_helper_bot")).Text, StringComparison.Ordinal);
        Assert.Contains("'Disable'", (await AskAsync(dana, "perhaps")).Text, StringComparison.Ordinal);
        Assert.StartsWith("Success! The new status is: DISABLED.", (await AskAsync(dana, "Disable")).Text, StringComparison.Ordinal);
        Assert.True(Assert.Single(dana.Bots).ReadsAllGroupMessages);

        var room = dana.MakeRoom("supergroup", "With a bot", memberIds: first.Id);
        Assert.Equal(2, room.Members);
        await AskAsync(dana, "/deletebot");
        await AskAsync(dana, "dana_helper_bot");
        Assert.StartsWith("Please enter the confirmation text", (await AskAsync(dana, "yes")).Text, StringComparison.Ordinal);
        Assert.Single(dana.Bots);
        Assert.StartsWith("Done! The bot is gone.", (await AskAsync(dana, "Yes, I am totally sure.")).Text, StringComparison.Ordinal);
        Assert.Empty(dana.Bots);
        Assert.Equal(401, await MeAsync(second));
        Assert.True(PeerRef.TryParse(room.Peer, out var peer));
        Assert.Equal(1, dana.Room(peer).Members);
        Assert.Equal("dana_helper_bot", dana.MakeBot("Again", "dana_helper_bot").Username);
    }

    [Fact]
    public async Task What_he_asked_is_known_after_a_restart_and_what_he_did_not_answer_is_answered_then()
    {
        var directory = Directory.CreateTempSubdirectory("sandbox-botfather-").FullName;
        try
        {
            await using (var before = await StartAsync(directory))
            {
                await AskAsync(before.PhoneOf("anna"), "/newbot");
                await AskAsync(before.PhoneOf("anna"), "Kept");
                await before.StopAsync();
                before.PhoneOf("anna").Send(Father, "kept_by_him_bot");
            }

            await using var after = await StartAsync(directory);
            var anna = after.PhoneOf("anna");
            var done = await Eventually.BecomesAsync("BotFather answers", _ => Task.FromResult(anna.Messages(Father)[^1]), message => !message.Out);
            Assert.StartsWith("Done!", done.Text, StringComparison.Ordinal);
            Assert.Equal(("Kept", "kept_by_him_bot"), (Assert.Single(anna.Bots).Name, anna.Bots[0].Username));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task He_has_no_token_himself_and_is_no_ones_bot()
    {
        Assert.Equal(401, await MeAsync($"{Seed.BotFather}:"));
        Assert.DoesNotContain(host.Telegram.PhoneOf("boris").Bots, bot => bot.Id == Seed.BotFather);
    }

    private static async Task<SandboxTelegram> StartAsync(string directory)
    {
        var sandbox = new SandboxTelegram(new SandboxTelegramOptions { Dc1Port = 0, Dc2Port = 0, Directory = directory });
        await sandbox.StartAsync(TestContext.Current.CancellationToken);
        return sandbox;
    }

    private static async Task<PhoneMessage> AskAsync(TelegramPhone person, string text)
    {
        var sent = person.Send(Father, text);
        var answers = await Eventually.BecomesAsync("BotFather answers", _ => Task.FromResult(person.Messages(Father, sent.Id)), messages => messages.Count > 0);
        return Assert.Single(answers);
    }

    private async Task<int> MeAsync(string token)
    {
        using var http = new HttpClient { BaseAddress = host.Http.BaseAddress };
        using var response = await http.GetAsync(APhoneHost.Path($"/bot{token}/getMe"), _cancel);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(_cancel);
        return answer.GetProperty("ok").GetBoolean() ? 200 : answer.GetProperty("error_code").GetInt32();
    }
}
