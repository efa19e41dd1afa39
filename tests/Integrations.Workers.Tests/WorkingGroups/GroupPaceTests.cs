using Integrations.Core.Telegram.WorkingGroups;
using Integrations.Testing;
using Integrations.Workers.WorkingGroups;
using Microsoft.Extensions.DependencyInjection;

namespace Integrations.Workers.Tests.WorkingGroups;

/// <summary>Telegram's twenty posts a minute of one bot in one group.</summary>
public sealed class GroupPaceTests(Servers servers)
{
    private static readonly Guid One = Guid.CreateVersion7();
    private static readonly Guid Other = Guid.CreateVersion7();

    [Fact]
    public void A_bot_posts_twenty_times_a_minute_and_once_a_second()
    {
        var clock = new TestClock();
        var pace = new GroupPace(clock);
        for (var i = 0; i < GroupLimits.Posts; i++)
        {
            Assert.True(pace.FreeAt(One) <= clock.GetUtcNow());
            pace.Posted(One);
            Assert.Equal(clock.GetUtcNow() + (i == GroupLimits.Posts - 1 ? TimeSpan.FromSeconds(41) : TimeSpan.FromSeconds(1)), pace.FreeAt(One));
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(TimeSpan.FromSeconds(40), pace.FreeAt(One) - clock.GetUtcNow());
        clock.Advance(TimeSpan.FromSeconds(40));
        Assert.True(pace.FreeAt(One) <= clock.GetUtcNow());
    }

    [Fact]
    public void The_bot_goes_first_that_has_posted_least_and_one_that_Telegram_asks_to_wait_goes_last()
    {
        var clock = new TestClock();
        var pace = new GroupPace(clock);
        pace.Posted(One);
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(Other, pace.First([One, Other]));
        pace.Pause(Other, TimeSpan.FromSeconds(30));
        Assert.Equal(One, pace.First([One, Other]));
        Assert.Null(pace.First([]));
    }

    /// <summary>The bots have posted once a second until now, so many times each.</summary>
    [Theory]
    [InlineData(0, new[] { 0 }, 0)]
    [InlineData(1, new[] { 0 }, 0)]
    [InlineData(5, new[] { 0 }, 4)]
    [InlineData(40, new[] { 0 }, 79)]
    [InlineData(1, new[] { 20 }, 41)]
    [InlineData(40, new[] { 20, 20 }, 60)]
    [InlineData(2, new[] { 20, 0 }, 1)]
    [InlineData(40, new[] { 20, 0 }, 60)]
    [InlineData(4000, new[] { 0, 0 }, 5959)]
    public void The_delay_follows_from_the_posts_and_from_what_each_bot_posted_lately(int posts, int[] recent, int seconds)
    {
        var now = DateTimeOffset.UnixEpoch.AddDays(20_000);

        var delay = GroupLimits.DelayOf(posts, [.. recent.Select(count => Enumerable.Range(0, count).Select(i => now.AddSeconds(i - count + 1)).ToArray())], now);

        Assert.Equal(seconds, delay!.Value.TotalSeconds, 3);
    }

    [Fact]
    public void Without_a_bot_nobody_knows_the_delay() => Assert.Null(GroupLimits.DelayOf(1, [], DateTimeOffset.UnixEpoch));

    /// <summary>Twenty-four dialogs at once, three messages each: with one bot that is more than a minute has room for.</summary>
    [Fact]
    public async Task A_flood_is_posted_within_the_limit_with_nothing_dropped_and_each_dialog_in_order()
    {
        var clock = new TestClock(TimeProvider.System.GetUtcNow());
        await using var town = await GroupTown.StartAsync(servers);
        await using var worker = await town.WorkerAsync(services => services.AddSingleton(provider => new MirrorTools(
            provider.GetRequiredService<MirrorQueue>(), provider.GetRequiredService<Core.Telegram.BotApi.BotApiClient>(), provider.GetRequiredService<LookAtGroup>(),
            provider.GetRequiredService<Core.Telegram.Media.MediaStore>(), provider.GetRequiredService<Core.Telegram.Bots.TelegramBotOptions>(), provider.GetRequiredService<Core.Secrets.ISecretProtector>(),
            provider.GetRequiredService<Core.Ownership.ShardLeases>(), provider.GetRequiredService<Telemetry.WorkerTelemetry>(), Random.Shared, clock,
            provider.GetRequiredService<Microsoft.Extensions.Logging.ILoggerFactory>())));
        var account = await town.ConnectAsync();
        await town.Installation.ExecuteAsync(
            $"""
             insert into dialogs (id, tenant_id, source, personal_account_id, peer_kind, peer_id, title)
             select gen_random_uuid(), '{town.Installation.Customer.Tenant}', 'personal_telegram', '{account}', 'user', 2000000 + i, 'Person ' || lpad(i::text, 2, '0') from generate_series(1, 24) i;
             with said as (
                 insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, text, telegram_message_id)
                 select gen_random_uuid(), d.tenant_id, d.personal_account_id, d.id, 0, 'personal_telegram_in', 'received', 'word ' || i, i
                   from dialogs d cross join generate_series(1, 3) i where d.title like 'Person %' order by i
                 returning *)
             insert into outbox (tenant_id, user_id, account_id, type, data) select tenant_id, 1, account_id, 'message.created', jsonb_build_object('id', id, 'dialog_id', dialog_id) from said order by telegram_message_id, seq;
             """);
        await Eventually.BecomesAsync("all is planned", _ => town.Installation.ScalarAsync<long>("select (select count(*) from mirror_items) - (select count(*) from outbox)"), count => count == 72, TimeSpan.FromSeconds(30));

        var began = clock.GetUtcNow();
        await Eventually.BecomesAsync(
            "everything is posted",
            async _ =>
            {
                clock.Advance(TimeSpan.FromMilliseconds(500));
                return await town.Installation.ScalarAsync<long>("select count(*) from mirror_items");
            },
            count => count == 0,
            TimeSpan.FromMinutes(3));

        // 24 topics and 24 posts: the bot's clock says that they took two minutes at least.
        Assert.True(clock.GetUtcNow() - began > TimeSpan.FromMinutes(2));
        Assert.Equal(24, town.Topics().Count);
        Assert.All(town.Topics(), topic => Assert.EndsWith("word 1\nword 2\nword 3", Assert.Single(town.In(topic.Id)).Text, StringComparison.Ordinal));
        Assert.Equal(
            Enumerable.Repeat("word 1,word 2,word 3", 24),
            town.Topics().Select(topic => string.Join(',', town.In(topic.Id).SelectMany(post => post.Text.Split('\n').Skip(1)))));
    }
}
