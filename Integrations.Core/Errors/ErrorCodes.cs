namespace Integrations.Core.Errors;

/// <summary>The codes of every refusal. <see cref="ErrorCatalogue"/> says what each means.</summary>
public static class ErrorCodes
{
    public const string TelegramSessionExpired = "TG_SESSION_EXPIRED";
    public const string TelegramFlood = "TG_API_429";
    public const string TelegramPasswordRequired = "TG_2FA_REQUIRED";
    public const string TelegramPasswordInvalid = "TG_PASSWORD_INVALID";
    public const string TelegramCodeInvalid = "TG_CODE_INVALID";
    public const string TelegramCodeExpired = "TG_CODE_EXPIRED";
    public const string TelegramPhoneUnknown = "TG_PHONE_UNKNOWN";
    public const string TelegramPhoneInvalid = "TG_PHONE_INVALID";
    public const string TelegramPhoneBanned = "TG_PHONE_BANNED";
    public const string TelegramQrExpired = "TG_QR_EXPIRED";
    public const string TelegramLoginExpired = "TG_LOGIN_EXPIRED";
    public const string TelegramLoginState = "TG_LOGIN_STATE";
    public const string TelegramAlreadyConnected = "TG_ALREADY_CONNECTED";
    public const string TelegramPeerUnknown = "TG_PEER_UNKNOWN";
    public const string TelegramPeerForbidden = "TG_PEER_FORBIDDEN";
    public const string TelegramMessageRejected = "TG_MESSAGE_REJECTED";
    public const string TelegramUnavailable = "TG_UNAVAILABLE";
    public const string TelegramNotConfigured = "TG_NOT_CONFIGURED";
    public const string TelegramRecoveryUnavailable = "TG_RECOVERY_UNAVAILABLE";
    public const string TelegramRecoveryCodeInvalid = "TG_RECOVERY_CODE_INVALID";
    public const string AccountNotActive = "ACCOUNT_NOT_ACTIVE";
    public const string ValidationFailed = "VALIDATION_FAILED";
    public const string UnknownField = "UNKNOWN_FIELD";
    public const string NotFound = "NOT_FOUND";
    public const string Forbidden = "FORBIDDEN";
    public const string Unauthenticated = "UNAUTHENTICATED";
    public const string TenantUnknown = "TENANT_UNKNOWN";
    public const string IdempotencyMismatch = "IDEMPOTENCY_MISMATCH";
    public const string IdempotencyInProgress = "IDEMPOTENCY_IN_PROGRESS";
    public const string Conflict = "CONFLICT";
    public const string RateLimited = "RATE_LIMITED";
    public const string ProjectNotReady = "PROJECT_NOT_READY";
    public const string UpgradeRequired = "UPGRADE_REQUIRED";
    public const string MethodNotAllowed = "METHOD_NOT_ALLOWED";
    public const string MediaTypeUnsupported = "MEDIA_TYPE_UNSUPPORTED";
    public const string BodyTooLarge = "BODY_TOO_LARGE";
    public const string BodyInvalid = "BODY_INVALID";
    public const string ServiceUnavailable = "SERVICE_UNAVAILABLE";
    public const string OwnerLinkInvalid = "OWNER_LINK_INVALID";
    public const string SignInFailed = "SIGN_IN_FAILED";
    public const string Internal = "INTERNAL";
}
