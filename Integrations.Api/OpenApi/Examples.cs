using System.Collections.Frozen;

namespace Integrations.Api.OpenApi;

/// <summary>One call as it looks on the wire.</summary>
internal sealed record Example(string? Request, string? Response);

/// <summary>Examples by operation. A test sends every request of them through the same checks as a caller's.</summary>
internal static class Examples
{
    private const string Account = "0198c3a2-7d10-7c3e-9a51-2f6d1c0b8e44";
    private const string Dialog = "0198c3a2-9c55-7f10-8b02-6d1e0a7c5f31";
    private const string Message = "0198c3a3-0b1f-7a44-b6d3-90e1f2a3c4d5";
    private const string Time = "2026-05-12T10:00:00Z";

    private static readonly FrozenDictionary<string, Example> ByOperation = new Dictionary<string, Example>(StringComparer.Ordinal)
    {
        ["UseOwnerLink"] = new(
            """{"token":"own_…","email":"owner@example.org","password":"correct horse battery staple","display_name":"Example"}""",
            SessionOf("owner@example.org")),
        ["SignIn"] = new("""{"email":"owner@example.org","password":"correct horse battery staple"}""", SessionOf("owner@example.org")),
        ["Me"] = new(null, Me("owner@example.org")),
        ["Connect"] = new(
            """{"phone":"+9996611234"}""",
            $$"""{"status":"code_required","session_id":"{{Account}}","message":"Telegram has sent a login code to the user's devices. Send it with the same phone number.","qr_code":null,"qr_url":null,"expires_at":"{{Time}}"}"""),
        ["GetQrCode"] = new(
            null,
            $$"""{"qr_code":"iVBORw0KGgo…","message":"Scan the code in Telegram: Settings, Devices, Link Desktop Device.","session_id":"{{Account}}","expires_at":"{{Time}}","qr_url":"tg://login?token=…","qr_expires_at":"{{Time}}","status":"pending"}"""),
        ["ReconnectAccount"] = new(
            "{}", $$"""{"status":"success","session_id":"{{Account}}","message":"The account is connected.","qr_code":null,"qr_url":null,"expires_at":null}"""),
        ["DisconnectAccount"] = new(
            null, $$"""{"session_id":"{{Account}}","status":"disconnected","message":"The account is disconnected; its session is gone from Telegram and from here."}"""),
        ["SendMessage"] = new(
            $$"""{"account_id":"{{Account}}","to":{"username":"boris_example"},"text":"Good morning"}""",
            $$"""{"id":"{{Message}}","status":"pending","created_at":"{{Time}}"}"""),
        ["GetMessage"] = new(
            null,
            $$"""{"id":"{{Message}}","account_id":"{{Account}}","dialog_id":"{{Dialog}}","direction":"personal_telegram_out","status":"delivered","text":"Good morning","priority":"interactive","reply_to":null,"telegram_message_id":1024,"telegram_date":"{{Time}}","from_peer_id":null,"sent_by":2000000001,"attempts":1,"error_code":null,"error_detail":null,"accepted_at":"{{Time}}","finished_at":"{{Time}}","created_at":"{{Time}}","updated_at":"{{Time}}"}"""),
        ["RetryMessage"] = new(
            null,
            $$"""{"id":"{{Message}}","account_id":"{{Account}}","dialog_id":"{{Dialog}}","direction":"personal_telegram_out","status":"pending","text":"Good morning","priority":"interactive","reply_to":null,"telegram_message_id":null,"telegram_date":null,"from_peer_id":null,"sent_by":2000000001,"attempts":1,"error_code":null,"error_detail":null,"accepted_at":"{{Time}}","finished_at":null,"created_at":"{{Time}}","updated_at":"{{Time}}"}"""),
        ["MarkDialogRead"] = new(null, ADialog(0)),
        ["ListDialogs"] = new(null, $$"""{"items":[{{ADialog(2)}}],"next_before":null,"next_cursor":null}"""),
        ["StartLogin"] = new(
            """{"display_name":"Sales"}""",
            $$"""{"login_id":"{{Account}}","status":"ready","method":"qr","qr_url":"tg://login?token=…","expires_at":"{{Time}}","qr_expires_at":"{{Time}}","password_hint":null,"recovery_email":null,"retry_at":null,"code":null,"detail":null,"created_at":"{{Time}}","completed_at":null}"""),
        ["SendLoginPassword"] = new("""{"password":"the two-step password"}""", null),
        ["SendLoginCode"] = new("""{"code":"24680"}""", null),
        ["ConfirmPasswordRecovery"] = new("""{"code":"135791"}""", null),
        ["ChangePersonalAccount"] = new("""{"display_name":"Sales","accepts_channels":true}""", null),
        ["ReconnectPersonalAccount"] = new("""{"phone":"+9996611234"}""", null),
        ["OpenProject"] = new(
            """{"name":"Shop"}""", $$"""{"id":"{{Account}}","name":"Shop","mirroring":false,"created_at":"{{Time}}","updated_at":"{{Time}}"}"""),
        ["GetOverview"] = new(
            null,
            $$"""{"attention":[{"kind":"message_failed","severity":"error","account_id":"{{Account}}","dialog_id":"{{Dialog}}","message_id":"{{Message}}","code":"TG_PEER_FORBIDDEN","since":"{{Time}}","until":null,"action":"retry"}],"numbers":{"accounts":{"pending":0,"active":12,"error":1,"paused":0,"disconnected":2},"hours":[{"hour":"{{Time}}","received":40,"sent":31,"failed":1}],"delivery_delay_ms":{"p50":180.5,"p95":640.25} },"generated_at":"{{Time}}"}"""),
        ["GetErrorStatistics"] = new(null, """{"total_actions":120,"error_count":3,"success_count":115,"error_rate":2.5,"period_days":7}"""),
        ["IssueEventTicket"] = new(null, $$"""{"ticket":"tkt_…","expires_at":"{{Time}}"}"""),
        ["GetDetailedHealth"] = new(
            null,
            $$"""{"status":"healthy","service":"integration-service","timestamp":"{{Time}}","version":"1.0.0","components":{"database":{"status":"healthy","type":"PostgreSQL"},"vault":{"status":"not_configured","type":"HashiCorp Vault"},"rabbitmq":{"status":"healthy","type":"RabbitMQ"} } }"""),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static IEnumerable<KeyValuePair<string, Example>> All => ByOperation;

    public static Example? Of(string? operation) => operation is null ? null : ByOperation.GetValueOrDefault(operation);

    private static string ADialog(int unread) =>
        $$"""{"id":"{{Dialog}}","source":"personal_telegram","personal_account_id":"{{Account}}","peer_kind":"user","peer_id":1000002,"username":"boris_example","phone":null,"title":"Boris","last_message_at":"{{Time}}","unread_count":{{unread}},"waiting_since":"{{Time}}","created_at":"{{Time}}","updated_at":"{{Time}}"}""";

    private static string SessionOf(string email) => $$"""{"session_token":"ses_…","user":{{Me(email)}} }""";

    private static string Me(string email) =>
        $$"""{"id":"{{Message}}","user_id":2000000001,"role":"owner","tenant_id":"{{Dialog}}","email":"{{email}}","display_name":"Example"}""";
}
