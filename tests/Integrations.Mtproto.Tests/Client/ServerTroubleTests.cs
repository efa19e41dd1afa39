using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Session;

namespace Integrations.Mtproto.Tests.Client;

/// <summary>500 and -503: what may be repeated is repeated, a few times.</summary>
public sealed class ServerTroubleTests : ClientTest
{
    private static readonly PeerKey Boris = new(PeerKind.User, 1002);

    private int _calls;

    [Theory]
    [InlineData(500, "INTERNAL")]
    [InlineData(-503, "Timeout")]
    public async Task A_question_is_asked_again_after_trouble_inside_Telegram(int code, string name)
    {
        var client = await LoggedInAsync();
        Telegram.Answer = (_, _) => ++_calls < 3 ? throw ScriptedTelegram.Refusal(code, name) : new List<UserBase> { Self };

        Assert.Equal(Self.Id, (await client.GetSelfAsync(Token)).Id);
        Assert.Equal(3, _calls);
    }

    [Fact]
    public async Task A_text_goes_out_again_under_the_same_random_id()
    {
        var client = await LoggedInAsync();
        var seen = new List<long>();
        Telegram.Answer = (_, request) =>
        {
            seen.Add(((MessagesSendMessage)request).RandomId);
            return seen.Count < 2
                ? throw ScriptedTelegram.Refusal(500, "MSG_WAIT_FAILED")
                : new UpdateShortSentMessage { Out = true, Id = 7, Pts = 12, PtsCount = 1, Date = 1_700_000_000 };
        };

        Assert.Equal(7, (await client.SendTextAsync(Boris, 9, "hello", 42, null, Token)).MessageId);
        Assert.Equal([42L, 42L], seen);
    }

    [Fact]
    public async Task A_text_that_had_arrived_all_the_same_is_told_as_a_duplicate()
    {
        // Telegram's own code for a repeated random_id is 500: it is an outcome, not trouble.
        var client = await LoggedInAsync();
        Telegram.Answer = (_, _) => throw ScriptedTelegram.Refusal(500, ++_calls == 1 ? "INTERNAL" : "RANDOM_ID_DUPLICATE");

        Assert.True((await Assert.ThrowsAsync<RpcException>(() => client.SendTextAsync(Boris, 9, "hello", 42, null, Token))).IsRandomIdDuplicate);
        Assert.Equal(2, _calls);
    }

    [Fact]
    public async Task Trouble_that_does_not_pass_is_told_after_a_few_tries()
    {
        var client = await LoggedInAsync();
        Telegram.Answer = (_, _) => throw ScriptedTelegram.Refusal(500, $"INTERNAL_{++_calls}");

        Assert.Equal(500, (await Assert.ThrowsAsync<RpcException>(() => client.GetSelfAsync(Token))).Code);
        Assert.Equal(3, _calls);
    }

    [Fact]
    public async Task What_must_not_happen_twice_is_not_repeated()
    {
        var client = await LoggedInAsync();
        Telegram.Answer = (_, _) => throw ScriptedTelegram.Refusal(500, $"INTERNAL_{++_calls}");

        await Assert.ThrowsAsync<RpcException>(() => client.SendCodeAsync("9996621234", Token));
        Assert.Equal(1, _calls);
    }

    [Fact]
    public async Task The_wait_for_a_repetition_ends_with_the_caller_or_the_client()
    {
        TroubleDelay = TimeSpan.FromDays(1);
        var client = await LoggedInAsync();
        using var gaveUp = new CancellationTokenSource();
        Telegram.Answer = (_, _) => throw ScriptedTelegram.Refusal(500, $"INTERNAL_{Interlocked.Increment(ref _calls)}");
        var first = client.GetSelfAsync(gaveUp.Token);
        var second = client.GetSelfAsync(Token);
        await UntilAsync(() => Volatile.Read(ref _calls), calls => calls == 2);

        await gaveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await client.DisposeAsync();

        await Assert.ThrowsAsync<SessionClosedException>(() => second);
    }
}
