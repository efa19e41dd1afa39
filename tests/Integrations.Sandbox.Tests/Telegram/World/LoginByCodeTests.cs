using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Tests.Telegram.World;

public sealed class LoginByCodeTests : IDisposable
{
    private readonly AWorld _a = new();

    public void Dispose() => _a.Dispose();

    [Fact]
    public void A_right_code_makes_a_device()
    {
        var key = _a.SignIn(Seed.Anna);

        var (storedKey, device) = Assert.Single(_a.World.Devices(Seed.Anna));
        Assert.Equal(key, storedKey.Id);
        Assert.Equal("Laptop", device.Info.DeviceModel);
        Assert.Equal(Seed.Anna, _a.World.Authorized(key).Id);
        Assert.Contains(new KeySignedIn(key, Seed.Anna), _a.Notices);
    }

    [Fact]
    public void A_wrong_code_may_be_corrected_until_too_many_tries_kill_it()
    {
        var key = _a.NewKey();
        var phone = AWorld.PhoneOf(_a.World, Seed.Anna);
        var code = _a.World.SendCode(phone, AWorld.ApiId, 2);

        for (var i = 0; i < _a.Options.WrongCodesAllowed; i++)
            AWorld.Refused("PHONE_CODE_INVALID", () => _a.World.SignIn(key, 2, phone, code.Hash, "00000", AWorld.Laptop));

        AWorld.Refused("PHONE_CODE_EXPIRED", () => _a.World.SignIn(key, 2, phone, code.Hash, code.Code, AWorld.Laptop));
        Assert.False(_a.World.IsSignedIn(key));
    }

    [Fact]
    public void One_wrong_try_does_not_spoil_the_right_one()
    {
        var key = _a.NewKey();
        var phone = AWorld.PhoneOf(_a.World, Seed.Anna);
        var code = _a.World.SendCode(phone, AWorld.ApiId, 2);
        AWorld.Refused("PHONE_CODE_INVALID", () => _a.World.SignIn(key, 2, phone, code.Hash, "00000", AWorld.Laptop));

        Assert.Equal(Seed.Anna, _a.World.SignIn(key, 2, phone, code.Hash, code.Code, AWorld.Laptop)!.Id);
    }

    [Fact]
    public void A_code_expires()
    {
        var key = _a.NewKey();
        var phone = AWorld.PhoneOf(_a.World, Seed.Anna);
        var code = _a.World.SendCode(phone, AWorld.ApiId, 2);
        _a.Clock.Advance(_a.Options.CodeLifetime);

        AWorld.Refused("PHONE_CODE_EXPIRED", () => _a.World.SignIn(key, 2, phone, code.Hash, code.Code, AWorld.Laptop));
    }

    [Fact]
    public void A_newer_code_replaces_the_older_one()
    {
        var key = _a.NewKey();
        var phone = AWorld.PhoneOf(_a.World, Seed.Anna);
        var first = _a.World.SendCode(phone, AWorld.ApiId, 2);
        var second = _a.World.SendCode(phone, AWorld.ApiId, 2);

        AWorld.Refused("PHONE_CODE_EXPIRED", () => _a.World.SignIn(key, 2, phone, first.Hash, first.Code, AWorld.Laptop));
        Assert.NotNull(_a.World.SignIn(key, 2, phone, second.Hash, second.Code, AWorld.Laptop));
    }

    [Fact]
    public void A_code_is_good_for_one_key_which_may_repeat_the_call_until_it_logs_out()
    {
        var (key, other) = (_a.NewKey(), _a.NewKey());
        var phone = AWorld.PhoneOf(_a.World, Seed.Anna);
        var code = _a.World.SendCode(phone, AWorld.ApiId, 2);
        _a.World.SignIn(key, 2, phone, code.Hash, code.Code, AWorld.Laptop);

        Assert.NotNull(_a.World.SignIn(key, 2, phone, code.Hash, code.Code, AWorld.Laptop));
        AWorld.Refused("PHONE_CODE_EXPIRED", () => _a.World.SignIn(other, 2, phone, code.Hash, code.Code, AWorld.Laptop));
        _a.World.LogOut(key);
        AWorld.Refused("PHONE_CODE_EXPIRED", () => _a.World.SignIn(key, 2, phone, code.Hash, code.Code, AWorld.Laptop));
    }

    [Fact]
    public void A_person_of_another_data_centre_is_sent_there()
    {
        var refusal = AWorld.Refused("PHONE_MIGRATE_1", () => _a.World.SendCode(AWorld.PhoneOf(_a.World, Seed.Gleb), AWorld.ApiId, 2));

        Assert.Equal(303, refusal.Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("+441632960000")]
    [InlineData("9996630001")]
    [InlineData("99966200011")]
    public void A_number_that_cannot_be_of_this_world_is_invalid(string phone) =>
        AWorld.Refused("PHONE_NUMBER_INVALID", () => _a.World.SendCode(phone, AWorld.ApiId, 2));

    [Fact]
    public void A_number_may_be_written_with_plus_and_spaces() =>
        Assert.Equal("22222", _a.World.SendCode("+99966 2 0001", AWorld.ApiId, 2).Code);

    [Fact]
    public void A_number_that_nobody_has_gets_a_code_and_then_a_sign_up()
    {
        var key = _a.NewKey();
        var code = _a.World.SendCode("9996629999", AWorld.ApiId, 2);

        Assert.Null(_a.World.SignIn(key, 2, "9996629999", code.Hash, code.Code, AWorld.Laptop));
        Assert.False(_a.World.IsSignedIn(key));
    }

    [Fact]
    public void An_empty_code_a_foreign_hash_and_no_api_id_are_each_named()
    {
        var key = _a.NewKey();
        var phone = AWorld.PhoneOf(_a.World, Seed.Anna);
        var code = _a.World.SendCode(phone, AWorld.ApiId, 2);

        AWorld.Refused("PHONE_CODE_EMPTY", () => _a.World.SignIn(key, 2, phone, code.Hash, "", AWorld.Laptop));
        AWorld.Refused("PHONE_CODE_EXPIRED", () => _a.World.SignIn(key, 2, phone, "unknown", code.Code, AWorld.Laptop));
        AWorld.Refused("PHONE_CODE_HASH_EMPTY", () => _a.World.SignIn(key, 2, phone, "", code.Code, AWorld.Laptop));
        AWorld.Refused("API_ID_INVALID", () => _a.World.SendCode(phone, 0, 2));
    }

    [Fact]
    public void Too_many_codes_for_one_number_make_it_wait()
    {
        using var a = new AWorld(options => options.CodesPerHour = 2);
        var phone = AWorld.PhoneOf(a.World, Seed.Anna);
        a.World.SendCode(phone, AWorld.ApiId, 2);
        a.Clock.Advance(TimeSpan.FromMinutes(10));
        a.World.SendCode(phone, AWorld.ApiId, 2);

        AWorld.Refused("FLOOD_WAIT_3000", () => a.World.SendCode(phone, AWorld.ApiId, 2));
        a.Clock.Advance(TimeSpan.FromSeconds(3000));
        Assert.NotNull(a.World.SendCode(phone, AWorld.ApiId, 2));
    }

    [Fact]
    public void Ending_a_device_from_the_phone_refuses_its_key_for_good()
    {
        var key = _a.SignIn(Seed.Anna);
        var hash = _a.World.Devices(Seed.Anna)[0].Device.Hash;

        Assert.False(_a.World.EndDevice(Seed.Boris, hash));
        Assert.True(_a.World.EndDevice(Seed.Anna, hash));

        AWorld.Refused("SESSION_REVOKED", () => _a.World.Authorized(key));
        Assert.Empty(_a.World.Devices(Seed.Anna));
        Assert.Contains(new KeySignedOut(key, Seed.Anna, KeyFate.Revoked), _a.Notices);
    }

    [Fact]
    public void Logging_out_leaves_a_key_that_may_sign_in_again()
    {
        var key = _a.SignIn(Seed.Anna);
        _a.World.LogOut(key);

        AWorld.Refused("AUTH_KEY_UNREGISTERED", () => _a.World.Authorized(key));
        Assert.Empty(_a.World.Devices(Seed.Anna));
    }

    [Fact]
    public void A_duplicated_key_never_works_again()
    {
        var key = _a.SignIn(Seed.Anna);
        _a.World.DuplicateKey(key);

        Assert.Equal(406, AWorld.Refused("AUTH_KEY_DUPLICATED", () => _a.World.Authorized(key)).Code);
        Assert.Empty(_a.World.Devices(Seed.Anna));
    }
}
