using Integrations.Core.Errors;
using Integrations.Core.People;

namespace Integrations.Api.Authentication;

/// <summary>Asks a person who is signed in for his password again, before what a thief of his session must not do.</summary>
internal sealed class OwnPasswords(ChangeOwnAccount account, Passwords passwords, SignInThrottle throttle)
{
    /// <summary>The stored hash that the password was checked against.</summary>
    /// <exception cref="IntegrationException">PASSWORD_WRONG; RATE_LIMITED: who found a screen unlocked must not guess without end; CONFLICT for one who signs in elsewhere.</exception>
    public async Task<string> RequireAsync(Credential credential, string password, string address, CancellationToken cancellationToken)
    {
        var stored = await account.PasswordHashAsync(credential.Principal, cancellationToken)
            ?? throw new IntegrationException(ErrorCodes.Conflict, "You sign in at your user service; your password is kept there.");
        var name = $"password of {credential.UserRow}";
        if (await throttle.EnterAsync(address, name, cancellationToken) is { } wait)
            throw new IntegrationException(ErrorCodes.RateLimited, "Too many wrong passwords. Wait before the next try.", wait);
        if (!await passwords.VerifyAsync(stored, password, cancellationToken))
            throw new IntegrationException(ErrorCodes.PasswordWrong);

        await throttle.SucceededAsync(address, name, cancellationToken);
        return stored;
    }
}
