using Integrations.Mtproto;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Server;

namespace Integrations.Sandbox.Tests.Telegram.Client;

/// <summary>Every way to log in, and out, by the client library at the sandbox: real key exchanges, proofs and moves.</summary>
public sealed class OurClientLoginTests : ServerTest
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Seed.Anna, 2)]
    [InlineData(Seed.Gleb, 1)]
    [InlineData(Seed.Vera, 2)]
    [InlineData(Seed.Mila, 1)]
    public async Task A_scan_logs_in_also_at_another_data_centre_and_with_a_second_factor(long personId, int dcId)
    {
        var phone = Sandbox.FindPhone(personId)!;
        await using var ours = await OurClient.ConnectAsync(Sandbox);
        var accepted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ours.Client.LoginTokenAccepted += () => accepted.TrySetResult();
        var shown = Assert.IsType<LoginStep.Scan>(await ours.Client.ExportLoginTokenAsync([], Token));

        phone.Scan(shown.Url);
        await accepted.Task.WaitAsync(TimeSpan.FromSeconds(60), Token);
        var step = await ours.Client.ExportLoginTokenAsync([], Token);

        Assert.Equal(phone.Owner.Password is not null, step is LoginStep.PasswordNeeded);
        if (step is LoginStep.PasswordNeeded)
        {
            Assert.True((await Assert.ThrowsAsync<RpcException>(() => ours.Client.CheckPasswordAsync("not this", Token))).Is("PASSWORD_HASH_INVALID"));
            await ours.Client.CheckPasswordAsync(phone.Owner.Password!, Token);
        }

        Assert.Equal(personId, (await ours.Client.GetSelfAsync(Token)).Id);
        Assert.Equal((dcId, personId), (ours.Client.Session!.DcId, ours.Client.Session.UserId));
        Assert.Equal(dcId, Assert.Single(phone.Devices).DcId);
        Assert.Empty(Sandbox.Faults.Violations);
    }

    [Theory]
    [InlineData(Seed.Anna)]
    [InlineData(Seed.Gleb)]
    [InlineData(Seed.Mila)]
    public async Task A_code_logs_in_and_the_phone_shows_the_device_until_it_is_logged_out(long personId)
    {
        var phone = Sandbox.FindPhone(personId)!;
        await using var ours = await OurClient.ConnectAsync(Sandbox);
        var code = await ours.Client.SendCodeAsync(phone.Owner.Phone, Token);
        var refused = await Assert.ThrowsAsync<RpcException>(() => ours.Client.SignInAsync(phone.Owner.Phone, code.PhoneCodeHash, "00000", Token));
        Assert.True(refused.Is("PHONE_CODE_INVALID"));
        if (await ours.Client.SignInAsync(phone.Owner.Phone, code.PhoneCodeHash, phone.Owner.Code, Token) is LoginStep.PasswordNeeded)
            await ours.Client.CheckPasswordAsync(phone.Owner.Password!, Token);

        Assert.Equal("Our client", Assert.Single(phone.Devices).DeviceModel);
        await ours.Client.LogOutAsync(Token);
        Assert.Empty(phone.Devices);
        Assert.True((await Assert.ThrowsAsync<RpcException>(() => ours.Client.GetSelfAsync(Token))).IsSessionLost);
    }

    [Fact]
    public async Task A_forgotten_password_is_recovered_with_the_code_from_the_mailbox()
    {
        var dana = Sandbox.FindPhone(Seed.Dana)!;
        await using var ours = await OurClient.ConnectAsync(Sandbox);
        var code = await ours.Client.SendCodeAsync(dana.Owner.Phone, Token);
        Assert.IsType<LoginStep.PasswordNeeded>(await ours.Client.SignInAsync(dana.Owner.Phone, code.PhoneCodeHash, dana.Owner.Code, Token));
        Assert.True((await ours.Client.GetPasswordAsync(Token)).HasRecovery);

        Assert.Contains('*', await ours.Client.RequestPasswordRecoveryAsync(Token));
        var self = await ours.Client.RecoverPasswordAsync(dana.Emails[0].Code, Token);

        Assert.Equal(Seed.Dana, self.Id);
        Assert.Single(dana.Devices);
    }
}
