using System.Text;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto;

/// <summary>Where a login stands after a call.</summary>
public abstract record LoginStep
{
    private LoginStep()
    {
    }

    /// <summary>A code to be scanned; Telegram replaces it at <paramref name="ExpiresAt"/>.</summary>
    /// <param name="Url"><c>tg://login?token=</c> and the token in base64url without padding.</param>
    public sealed record Scan(string Url, DateTimeOffset ExpiresAt) : LoginStep;

    /// <summary>The account has a second factor: <see cref="TelegramClient.CheckPasswordAsync"/> goes on, on this client.</summary>
    public sealed record PasswordNeeded : LoginStep;

    /// <summary>The number belongs to nobody; this library makes no new Telegram users.</summary>
    public sealed record SignUpRequired : LoginStep;

    public sealed record Done(User Self) : LoginStep;
}

/// <summary>Login by QR code, by phone and code, with the second factor and its recovery (core.telegram.org/api/auth, /api/qr-login, /api/srp).</summary>
public sealed partial class TelegramClient
{
    private const int MaxLoginMoves = 5;

    /// <summary>Asks for a QR token; when it was accepted meanwhile, goes on with it, at another data centre if need be.</summary>
    /// <param name="except">Telegram users that are connected already: the phone then refuses to link them twice.</param>
    /// <exception cref="RpcException">Refused, as <c>FLOOD_WAIT</c> or <c>AUTH_TOKEN_EXPIRED</c>.</exception>
    public async Task<LoginStep> ExportLoginTokenAsync(IReadOnlyList<long> except, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(except);
        return await StepAsync(async () =>
        {
            var answer = await InvokeAsync(
                new AuthExportLoginToken { ApiId = options.ApiId, ApiHash = options.ApiHash, ExceptIds = except }, cancellationToken);
            for (var moves = 0; moves < MaxLoginMoves; moves++)
            {
                switch (answer)
                {
                    case AuthLoginToken token:
                        return new LoginStep.Scan(
                            "tg://login?token=" + Convert.ToBase64String(token.Token).TrimEnd('=').Replace('+', '-').Replace('/', '_'),
                            DateTimeOffset.FromUnixTimeSeconds(token.Expires));
                    case AuthLoginTokenSuccess success:
                        return await FinishAsync(success.Authorization, cancellationToken);
                    case AuthLoginTokenMigrateTo move:
                        // The account lives elsewhere: the same client goes on there, and a second factor is asked there too.
                        await MoveToAsync(move.DcId, cancellationToken);
                        answer = await ImportAsync(move.Token, except, cancellationToken);
                        break;
                    default:
                        throw new InvalidOperationException($"Unexpected answer {answer} to a login token.");
                }
            }

            throw new InvalidOperationException($"The login was sent from one data centre to another more than {MaxLoginMoves} times.");
        });
    }

    private async Task<AuthLoginTokenBase> ImportAsync(byte[] token, IReadOnlyList<long> except, CancellationToken cancellationToken)
    {
        try
        {
            return await InvokeAsync(new AuthImportLoginToken { Token = token }, cancellationToken);
        }
        catch (RpcException e) when (e.Is("AUTH_TOKEN_EXPIRED"))
        {
            // The move took longer than the token lives: a new one is shown, by the data centre that the account lives at.
            return await InvokeAsync(
                new AuthExportLoginToken { ApiId = options.ApiId, ApiHash = options.ApiHash, ExceptIds = except }, cancellationToken);
        }
    }

    /// <summary>Has a login code sent to the account's other devices, or as its owner chose.</summary>
    /// <param name="phone">International form; a plus sign and spaces do not matter to Telegram.</param>
    public async Task<AuthSentCode> SendCodeAsync(string phone, CancellationToken cancellationToken) =>
        Sent(await InvokeAsync(
            new AuthSendCode { PhoneNumber = phone, ApiId = options.ApiId, ApiHash = options.ApiHash, Settings = new CodeSettings() }, cancellationToken));

    /// <summary>Has the code sent again by the next way.</summary>
    public async Task<AuthSentCode> ResendCodeAsync(string phone, string codeHash, CancellationToken cancellationToken) =>
        Sent(await InvokeAsync(new AuthResendCode { PhoneNumber = phone, PhoneCodeHash = codeHash }, cancellationToken));

    public Task CancelCodeAsync(string phone, string codeHash, CancellationToken cancellationToken) =>
        InvokeAsync(new AuthCancelCode { PhoneNumber = phone, PhoneCodeHash = codeHash }, cancellationToken);

    public Task<LoginStep> SignInAsync(string phone, string codeHash, string code, CancellationToken cancellationToken) =>
        StepAsync(async () => await FinishAsync(
            await InvokeAsync(new AuthSignIn { PhoneNumber = phone, PhoneCodeHash = codeHash, PhoneCode = code }, cancellationToken), cancellationToken));

    /// <summary>The parameters of the second factor, fresh: a server's challenge is good for one try.</summary>
    public Task<AccountPassword> GetPasswordAsync(CancellationToken cancellationToken) => InvokeAsync(new AccountGetPassword(), cancellationToken);

    /// <summary>Proves the cloud password without sending it. Nothing of it is kept.</summary>
    /// <exception cref="RpcException"><c>PASSWORD_HASH_INVALID</c>: it was the wrong one; the next try may follow on this client.</exception>
    public async Task<User> CheckPasswordAsync(string password, CancellationToken cancellationToken)
    {
        var clear = Encoding.UTF8.GetBytes(password);
        try
        {
            for (var tries = 0; ; tries++)
            {
                var question = await GetPasswordAsync(cancellationToken);
                try
                {
                    var answer = await InvokeAsync(new AuthCheckPassword { Password = await ProveAsync(question, clear, cancellationToken) }, cancellationToken);
                    return ((LoginStep.Done)await FinishAsync(answer, cancellationToken)).Self;
                }
                catch (RpcException e) when (e.Is("SRP_ID_INVALID") && tries == 0)
                {
                    // The challenge was replaced between the two calls.
                }
            }
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(clear);
        }
    }

    /// <summary>Sends a recovery code by e-mail; returns the address as Telegram shows it (<c>a***@e***.org</c>).</summary>
    /// <exception cref="RpcException"><c>PASSWORD_RECOVERY_NA</c>: no e-mail address was set.</exception>
    public async Task<string> RequestPasswordRecoveryAsync(CancellationToken cancellationToken) =>
        (await InvokeAsync(new AuthRequestPasswordRecovery(), cancellationToken)).EmailPattern;

    /// <summary>Takes the second factor off with the code from the e-mail, and logs in.</summary>
    public async Task<User> RecoverPasswordAsync(string code, CancellationToken cancellationToken) =>
        ((LoginStep.Done)await FinishAsync(await InvokeAsync(new AuthRecoverPassword { Code = code }, cancellationToken), cancellationToken)).Self;

    /// <summary>Ends the session at Telegram: the device is gone from the account's list and the key is worthless.</summary>
    public async Task LogOutAsync(CancellationToken cancellationToken)
    {
        await InvokeAsync(new AuthLogOut(), cancellationToken);
        await _kept.GiveUpAsync(cancellationToken);
    }

    /// <summary>Whose session this is.</summary>
    /// <exception cref="RpcException">401 where nobody's.</exception>
    public async Task<User> GetSelfAsync(CancellationToken cancellationToken)
    {
        var self = (await InvokeAsync(new UsersGetUsers { Id = [new InputUserSelf()] }, cancellationToken)).OfType<User>().FirstOrDefault()
            ?? throw new InvalidOperationException("Telegram did not say whose session this is.");
        // A session that was begun elsewhere does not know; from here on it is kept like one of our own.
        if (Session is { UserId: 0 })
            await _kept.BelongsToAsync(self.Id, cancellationToken);
        return self;
    }

    private static AuthSentCode Sent(AuthSentCodeBase answer) =>
        answer as AuthSentCode ?? throw new RpcException(400, "SENT_CODE_UNSUPPORTED", "auth.sendCode");

    private static async Task<LoginStep> StepAsync(Func<Task<LoginStep>> call)
    {
        try
        {
            return await call();
        }
        catch (RpcException e) when (e.IsPasswordNeeded)
        {
            return new LoginStep.PasswordNeeded();
        }
    }

    private async Task<LoginStep> FinishAsync(AuthAuthorizationBase answer, CancellationToken cancellationToken)
    {
        if (answer is not AuthAuthorization { User: User self })
            return new LoginStep.SignUpRequired();
        await _kept.BelongsToAsync(self.Id, cancellationToken);
        return new LoginStep.Done(self);
    }

    // The calculation takes 50 to 100 ms of processor time, which must not hold up the loop of other accounts.
    private Task<InputCheckPasswordSRPBase> ProveAsync(AccountPassword question, byte[] password, CancellationToken cancellationToken)
    {
        if (question is not { CurrentAlgo: PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow algorithm, SrpB: { } b, SrpId: { } id })
            throw new InvalidOperationException("The account's password uses an algorithm that this library does not know.");
        var parameters = new SrpParameters { Salt1 = algorithm.Salt1, Salt2 = algorithm.Salt2, G = algorithm.G, P = algorithm.P };
        return Task.Run<InputCheckPasswordSRPBase>(
            () =>
            {
                var proof = SrpClient.Prove(parameters, password, b, options.Random);
                return new InputCheckPasswordSRP { SrpId = id, A = proof.A, M1 = proof.M1 };
            },
            cancellationToken);
    }
}
