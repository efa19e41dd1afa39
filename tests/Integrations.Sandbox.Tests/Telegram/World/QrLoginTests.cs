using System.Buffers.Text;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Tests.Telegram.World;

public sealed class QrLoginTests : IDisposable
{
    private readonly AWorld _a = new();

    public void Dispose() => _a.Dispose();

    [Fact]
    public void A_scanned_token_signs_in_the_key_that_showed_it()
    {
        var key = _a.NewKey();
        var token = Export(key).Token!.Token;

        _a.World.AcceptQrToken(Seed.Anna, token);

        Assert.Contains(new QrTokenScanned(key), _a.Notices);
        Assert.Equal(Seed.Anna, Export(key).SignedIn!.Id);
        Assert.Equal(Seed.Anna, _a.World.Authorized(key).Id);
    }

    [Fact]
    public void Each_export_gives_another_token_and_the_earlier_one_lives_out_its_time()
    {
        var key = _a.NewKey();
        var first = Export(key).Token!.Token;
        var second = Export(key).Token!.Token;

        Assert.NotEqual(first, second);
        _a.World.AcceptQrToken(Seed.Anna, first);
        Assert.Equal(Seed.Anna, Export(key).SignedIn!.Id);
    }

    [Fact]
    public void A_token_expires_and_says_so()
    {
        var token = Export(_a.NewKey()).Token!;
        Assert.Equal(_a.Clock.GetUtcNow() + TimeSpan.FromSeconds(30), token.ExpiresAt);
        _a.Clock.Advance(TimeSpan.FromSeconds(30));

        AWorld.Refused("AUTH_TOKEN_EXPIRED", () => _a.World.AcceptQrToken(Seed.Anna, token.Token));
    }

    [Fact]
    public void A_token_is_scanned_once()
    {
        var token = Export(_a.NewKey()).Token!.Token;
        _a.World.AcceptQrToken(Seed.Anna, token);

        AWorld.Refused("AUTH_TOKEN_ALREADY_ACCEPTED", () => _a.World.AcceptQrToken(Seed.Boris, token));
    }

    [Fact]
    public void A_scan_signs_in_once_and_not_again_after_a_logout()
    {
        var key = _a.NewKey();
        _a.World.AcceptQrToken(Seed.Anna, Export(key).Token!.Token);
        Export(key);
        _a.World.LogOut(key);

        Assert.NotNull(Export(key).Token);
        Assert.False(_a.World.IsSignedIn(key));
    }

    [Fact]
    public void A_person_of_another_data_centre_takes_the_token_there()
    {
        var (key, keyAtHome) = (_a.NewKey(), _a.NewKey(dcId: 1));
        var token = Export(key).Token!.Token;
        _a.World.AcceptQrToken(Seed.Gleb, token);

        Assert.Equal(1, Export(key).MigrateTo);
        Assert.Equal(Seed.Gleb, _a.World.ImportQrToken(keyAtHome, 1, token, AWorld.Laptop).Id);
        Assert.Equal(Seed.Gleb, _a.World.ImportQrToken(keyAtHome, 1, token, AWorld.Laptop).Id);
        AWorld.Refused("AUTH_TOKEN_INVALID", () => _a.World.ImportQrToken(_a.NewKey(dcId: 1), 1, token, AWorld.Laptop));
        Assert.False(_a.World.IsSignedIn(key));
    }

    [Fact]
    public void A_token_that_nobody_scanned_cannot_be_imported() =>
        AWorld.Refused("AUTH_TOKEN_INVALID", () => _a.World.ImportQrToken(_a.NewKey(), 2, Export(_a.NewKey()).Token!.Token, AWorld.Laptop));

    [Fact]
    public void A_second_factor_is_asked_for_every_time_until_it_is_given()
    {
        var key = _a.NewKey();
        _a.World.AcceptQrToken(Seed.Vera, Export(key).Token!.Token);

        AWorld.Refused("SESSION_PASSWORD_NEEDED", () => Export(key));
        AWorld.Refused("SESSION_PASSWORD_NEEDED", () => Export(key));
        AWorld.Refused("SESSION_PASSWORD_NEEDED", () => _a.World.Authorized(key));
    }

    [Fact]
    public void An_account_that_is_already_connected_is_not_connected_twice()
    {
        var token = _a.World.ExportQrToken(_a.NewKey(), 2, AWorld.ApiId, [Seed.Anna], AWorld.Laptop).Token!.Token;

        AWorld.Refused("AUTH_TOKEN_EXCEPTION", () => _a.World.AcceptQrToken(Seed.Anna, token));
        _a.World.AcceptQrToken(Seed.Boris, token);
    }

    [Fact]
    public void The_link_of_a_code_gives_its_token_with_and_without_padding()
    {
        byte[] token = [1, 2, 3, 254];

        Assert.Equal(token, TelegramWorld.TokenOf("tg://login?token=" + Base64Url.EncodeToString(token)));
        Assert.Equal(token, TelegramWorld.TokenOf("tg://login?token=" + Base64Url.EncodeToString(token) + "=="));
    }

    [Theory]
    [InlineData("")]
    [InlineData("https://example.org/")]
    [InlineData("tg://login?token=???")]
    public void Any_other_link_is_refused(string url) => AWorld.Refused("AUTH_TOKEN_INVALID", () => TelegramWorld.TokenOf(url));

    private QrOutcome Export(long key) => _a.World.ExportQrToken(key, 2, AWorld.ApiId, [], AWorld.Laptop);
}
