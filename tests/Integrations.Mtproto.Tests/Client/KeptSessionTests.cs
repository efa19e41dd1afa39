using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.Tests.Client;

/// <summary>What is stored of a session, and when.</summary>
public sealed class KeptSessionTests : ClientTest
{
    [Fact]
    public async Task Other_salts_are_stored_at_once_while_somebody_is_logged_in()
    {
        var client = await LoggedInAsync();
        await Telegram.PushAsync(2, NewSession(salt: 77));

        await UntilAsync(() => Saved[^1].Salts.Select(salt => salt.Value).ToArray(), salts => salts.Contains(77));
        Assert.Equal(Self.Id, Saved[^1].UserId);
        Assert.Equal(Saved[^1].Salts, client.Session!.Salts);
    }

    [Fact]
    public async Task Salts_that_were_told_during_a_save_are_stored_after_it_and_change_nothing_else()
    {
        var client = await ConnectAsync();
        var (entered, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        WhileSaving = async (_, ct) =>
        {
            entered.TrySetResult();
            await release.Task.WaitAsync(ct);
        };
        Telegram.Answer = static (_, _) => Authorised();
        var login = client.SignInAsync("9996621234", "hash", "22222", Token);
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(60), Token);
        await Telegram.PushAsync(2, NewSession(salt: 77));
        await UntilAsync(() => client.Session!.Salts.Count, count => count > 0);
        release.SetResult();
        await login;

        Assert.Equal(Self.Id, client.Session!.UserId);
        Assert.Contains(client.Session.Salts, salt => salt.Value == 77);
        await Telegram.PushAsync(2, NewSession(salt: 78));
        await UntilAsync(() => Saved[^1].Salts.Select(salt => salt.Value).ToArray(), salts => salts.Contains(78));
        Assert.Equal(Self.Id, Saved[^1].UserId);
    }

    [Fact]
    public async Task Nothing_is_stored_of_a_session_that_was_logged_out_or_closed()
    {
        var client = await LoggedInAsync();
        Telegram.Answer = static (_, _) => new AuthLoggedOut();
        await client.LogOutAsync(Token);
        var saves = Saved.Count;
        await Telegram.PushAsync(2, NewSession(salt: 77));
        await UntilAsync(() => client.Session!.Salts.Select(salt => salt.Value).ToArray(), salts => salts.Contains(77));

        await client.DisposeAsync();

        Assert.Equal(saves, Saved.Count);
    }

    [Fact]
    public async Task Salts_that_cannot_be_stored_end_nothing()
    {
        var client = await LoggedInAsync();
        var tried = new TaskCompletionSource();
        WhileSaving = (_, _) =>
        {
            tried.TrySetResult();
            throw new InvalidDataException("The database said no.");
        };
        await Telegram.PushAsync(2, NewSession(salt: 77));
        await tried.Task.WaitAsync(TimeSpan.FromSeconds(60), Token);
        WhileSaving = static (_, _) => Task.CompletedTask;
        Telegram.Answer = static (_, _) => new List<UserBase> { Self };

        Assert.Equal(Self.Id, (await client.GetSelfAsync(Token)).Id);
        await Telegram.PushAsync(2, NewSession(salt: 78));
        await UntilAsync(() => Saved[^1].Salts.Select(salt => salt.Value).ToArray(), salts => salts.Contains(78));
    }

    private static NewSessionCreated NewSession(long salt) => new() { FirstMsgId = 0, UniqueId = salt, ServerSalt = salt };
}
