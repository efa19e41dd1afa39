using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Logins;

public enum LoginMethod
{
    Qr,
    Phone,

    /// <summary>The session comes from another program; only whose it is has to be asked.</summary>
    Import,
}

/// <summary>Where a login stands. <see cref="Pending"/> means that the owner is at work; the next step follows by itself.</summary>
public enum LoginState
{
    Ready,
    Pending,
    CodeRequired,
    PasswordRequired,
    Completed,
    Error,
    Expired,
}

/// <summary>The login of an account, under the account's id. Everything after <see cref="Begin"/> is written by the shard's owner.</summary>
public sealed class TelegramLogin
{
    private TelegramLogin()
    {
    }

    public Guid Id { get; private set; }
    public Guid TenantId { get; private set; }
    public LoginMethod Method { get; private set; }
    public LoginState State { get; private set; }
    public string? Phone { get; private set; }

    /// <summary>The <c>tg://login</c> link, sealed at (tenant, <c>telegram_logins</c>, <c>qr_url_sealed</c>, id).</summary>
    public byte[]? QrUrlSealed { get; private set; }

    public DateTimeOffset? QrExpiresAt { get; private set; }
    public byte[]? ResumeSealed { get; private set; }
    public string? PasswordHint { get; private set; }
    public string? RecoveryPattern { get; private set; }
    public DateTimeOffset ExpiresAt { get; private set; }
    public DateTimeOffset? RetryAt { get; private set; }
    public string? ErrorCode { get; private set; }
    public string? ErrorDetail { get; private set; }

    /// <summary>The input that was judged last.</summary>
    public Guid? LastInputId { get; private set; }

    /// <summary>Its verdict: null when it was accepted, else a code of the catalogue.</summary>
    public string? LastInputError { get; private set; }

    public DateTimeOffset? CompletedAt { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    /// <summary>True while the login may still lead to a session.</summary>
    public bool IsOpen => State is LoginState.Ready or LoginState.Pending or LoginState.CodeRequired or LoginState.PasswordRequired;

    public static TelegramLogin Begin(TenantId tenant, Guid accountId, LoginMethod method, string? phone, DateTimeOffset expiresAt)
    {
        var login = new TelegramLogin { Id = accountId, TenantId = tenant.Value };
        login.BeginAgain(method, phone, expiresAt);
        return login;
    }

    /// <summary>Starts over on the same row: nothing of the earlier attempt may speak for this one.</summary>
    public void BeginAgain(LoginMethod method, string? phone, DateTimeOffset expiresAt)
    {
        if ((method is LoginMethod.Phone) != (phone is not null))
            throw new ArgumentException("A phone login needs a phone, others have none.", nameof(phone));

        Method = method;
        State = LoginState.Pending;
        Phone = phone;
        ExpiresAt = expiresAt;
        QrUrlSealed = null;
        QrExpiresAt = null;
        ResumeSealed = null;
        PasswordHint = null;
        RecoveryPattern = null;
        RetryAt = null;
        ErrorCode = null;
        ErrorDetail = null;
        LastInputId = null;
        LastInputError = null;
        CompletedAt = null;
    }
}
