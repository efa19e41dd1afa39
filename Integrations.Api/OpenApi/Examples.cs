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

    private const string Limits =
        """{"enabled":true,"limits":[{"class":"connect","per_minute":10,"burst":10,"source":"default","default_per_minute":10,"default_burst":10,"minimum":1,"ceiling":10000},{"class":"send","per_minute":300,"burst":50,"source":"tenant","default_per_minute":100,"default_burst":100,"minimum":1,"ceiling":100000},{"class":"status","per_minute":1000,"burst":1000,"source":"default","default_per_minute":1000,"default_burst":1000,"minimum":60,"ceiling":100000}]}""";

    private static readonly FrozenDictionary<string, Example> ByOperation = new Dictionary<string, Example>(StringComparer.Ordinal)
    {
        ["UseOwnerLink"] = new(
            """{"token":"own_…","email":"owner@example.org","password":"correct horse battery staple","display_name":"Example"}""",
            SessionOf("owner@example.org")),
        ["SignIn"] = new("""{"email":"owner@example.org","password":"correct horse battery staple"}""", SessionOf("owner@example.org")),
        ["AnswerSignInChallenge"] = new("""{"challenge":"chl_…","code":"246810"}""", SessionOf("owner@example.org")),
        ["BeginSecondFactor"] = new(
            """{"password":"correct horse battery staple"}""",
            """{"secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","otpauth_uri":"otpauth://totp/Integrations:owner%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Integrations"}"""),
        ["ConfirmSecondFactor"] = new("""{"code":"246810"}""", null),
        ["RenewRecoveryCodes"] = new("""{"password":"correct horse battery staple","code":"246810"}""", null),
        ["DisableSecondFactor"] = new("""{"password":"correct horse battery staple","code":"246810"}""", null),
        ["Me"] = new(null, Me("owner@example.org")),
        ["Connect"] = new(
            """{"phone":"+9996611234","consent":"2026-11"}""",
            $$"""{"status":"code_required","session_id":"{{Account}}","message":"Telegram has sent a login code to the user's devices. Send it with the same phone number.","qr_code":null,"qr_url":null,"expires_at":"{{Time}}"}"""),
        ["GetQrCode"] = new(
            null,
            $$"""{"qr_code":"iVBORw0KGgo…","message":"Scan the code in Telegram: Settings, Devices, Link Desktop Device.","session_id":"{{Account}}","expires_at":"{{Time}}","qr_url":"tg://login?token=…","qr_expires_at":"{{Time}}","status":"pending"}"""),
        ["ReconnectAccount"] = new(
            "{}", $$"""{"status":"success","session_id":"{{Account}}","message":"The account is connected.","qr_code":null,"qr_url":null,"expires_at":null}"""),
        ["DisconnectAccount"] = new(
            null, $$"""{"session_id":"{{Account}}","status":"disconnected","message":"The account is disconnected; its session is gone from Telegram and from here."}"""),
        ["ConnectBot"] = new("""{"bot_token":"100200:example","display_name":"Shop helper"}""", ABot("Shop helper")),
        ["ConnectTelegramIntegration"] = new(
            """{"bot_token":"100200:example"}""",
            $$"""{"id":"{{Account}}","user_id":2000000001,"integration_type":"telegram","status":"active","messages_received":0,"messages_sent":0,"last_activity":null}"""),
        ["ChangeBot"] = new("""{"display_name":"Helper"}""", ABot("Helper")),
        ["ConnectChannel"] = new(
            $$"""{"account_id":"{{Account}}","target":"@shop_news"}""", AChannel),
        ["ChangeChannel"] = new("""{"is_active":true,"settings":{"label":"News of the shop"}}""", AChannel),
        ["EditMessage"] = new(
            """{"text":"Good evening"}""",
            $$"""{"id":"{{Account}}","message_id":"{{Message}}","kind":"edit","text":"Good evening","state":"pending","attempts":0,"error_code":null,"error_detail":null,"user_id":2000000001,"created_at":"{{Time}}","finished_at":null}"""),
        ["GetBotWebhook"] = new(
            null,
            """{"registered":true,"pending_updates":0,"last_error_at":null,"last_error":null,"max_connections":40,"allowed_updates":["message","edited_message"],"ip_address":"192.0.2.10"}"""),
        ["SendMessage"] = new(
            $$"""{"account_id":"{{Account}}","to":{"username":"boris_example"},"text":"Good morning"}""",
            $$"""{"id":"{{Message}}","status":"pending","created_at":"{{Time}}","message_ids":["{{Message}}"]}"""),
        ["UploadMedia"] = new(
            null,
            $$"""{"id":"{{Message}}","kind":"photo","file_name":"shelf.jpg","mime_type":"image/jpeg","size":482133,"width":1600,"height":1200,"duration":null,"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","created_at":"{{Time}}","expires_at":"{{Time}}"}"""),
        ["GetMessage"] = new(
            null,
            $$"""{"id":"{{Message}}","account_id":"{{Account}}","dialog_id":"{{Dialog}}","direction":"personal_telegram_out","status":"delivered","text":"Good morning","priority":"interactive","reply_to":null,"telegram_message_id":1024,"telegram_date":"{{Time}}","from_peer_id":null,"sent_by":2000000001,"attempts":1,"error_code":null,"error_detail":null,"accepted_at":"{{Time}}","finished_at":"{{Time}}","scheduled_for":null,"media":null,"edited_at":null,"deleted_at":null,"pinned_at":null,"created_at":"{{Time}}","updated_at":"{{Time}}"}"""),
        ["RetryMessage"] = new(
            null,
            $$"""{"id":"{{Message}}","account_id":"{{Account}}","dialog_id":"{{Dialog}}","direction":"personal_telegram_out","status":"pending","text":"Good morning","priority":"interactive","reply_to":null,"telegram_message_id":null,"telegram_date":null,"from_peer_id":null,"sent_by":2000000001,"attempts":1,"error_code":null,"error_detail":null,"accepted_at":"{{Time}}","finished_at":null,"scheduled_for":null,"media":null,"edited_at":null,"deleted_at":null,"pinned_at":null,"created_at":"{{Time}}","updated_at":"{{Time}}"}"""),
        ["MarkDialogRead"] = new(null, ADialog(0)),
        ["ListDialogs"] = new(null, $$"""{"items":[{{ADialog(2)}}],"next_before":null,"next_cursor":null}"""),
        ["ListInboxes"] = new(
            null,
            $$"""[{"id":"{{Account}}","user_id":2000000001,"name":"Sales","username":"sales_example","phone":"+9996611234","status":"active","world":"telegram","project":{"id":"{{Account}}","name":"Shop","mirroring":false},"may_send":true}]"""),
        ["AssignDialog"] = new("""{"user_id":null}""", ADialog(0)),
        ["SayPresence"] = new("""{"state":"typing"}""", null),
        ["ListPresence"] = new(null, $$"""[{"dialog_id":"{{Dialog}}","user_id":2000000001,"name":"Example","state":"typing"}]"""),
        ["WriteNote"] = new("""{"text":"He prefers to be called in the morning."}""", null),
        ["SaveDialogFilter"] = new("""{"name":"My unanswered","show":"waiting"}""", null),
        ["WriteQuickReply"] = new("""{"shortcut":"hello","text":"Good day, {name}! How can we help?"}""", null),
        ["ChangeQuickReply"] = new("""{"shortcut":"hello","text":"Good day, {name}!"}""", null),
        ["StartLogin"] = new(
            """{"display_name":"Sales","consent":"2026-11"}""",
            $$"""{"login_id":"{{Account}}","status":"ready","method":"qr","qr_url":"tg://login?token=…","expires_at":"{{Time}}","qr_expires_at":"{{Time}}","password_hint":null,"recovery_email":null,"retry_at":null,"code":null,"detail":null,"created_at":"{{Time}}","completed_at":null}"""),
        ["SendLoginPassword"] = new("""{"password":"the two-step password"}""", null),
        ["SendLoginCode"] = new("""{"code":"24680"}""", null),
        ["ConfirmPasswordRecovery"] = new("""{"code":"135791"}""", null),
        ["ChangePersonalAccount"] = new("""{"display_name":"Sales","accepts_channels":true}""", null),
        ["ChangePersonalAccounts"] = new(
            $$"""{"ids":["{{Account}}"],"action":"change","accepts_channels":false}""",
            $$"""{"results":[{"id":"{{Account}}","code":null,"detail":null}],"done":1,"refused":0}"""),
        ["ImportPersonalAccounts"] = new(
            """{"sessions":[{"session":"1AgAOMTQ5…","display_name":"Sales"}],"dry_run":true}""",
            """{"dry_run":true,"results":[{"row":1,"account_id":null,"code":null}],"good":1,"refused":0}"""),
        ["GetAccountTimeline"] = new(
            null,
            $$"""{"items":[{"seq":42,"kind":"back","code":"TG_UNAVAILABLE","until":null,"since":"{{Time}}","detail":null,"user_id":null,"at":"{{Time}}"}],"next_before":null}"""),
        ["GetConsent"] = new(null, $$"""{"version":"2026-11","language":"en","text":"I connect my own Telegram account, or …","given_at":"{{Time}}"}"""),
        ["GiveConsent"] = new("""{"version":"2026-11","language":"en"}""", $$"""{"version":"2026-11","language":"en","text":"I connect my own Telegram account, or …","given_at":"{{Time}}"}"""),
        ["ExportData"] = new("""{"subject":"person","phone":"+9996611234"}""", null),
        ["RequestErasure"] = new(
            """{"subject":"user","user_id":2000000002,"confirm":"erase"}""",
            $$"""{"erasure":{"id":"{{Account}}","subject":"user","state":"sessions","created_at":"{{Time}}","finished_at":null,"erased":{},"sessions":0,"receipt":null,"signature":null},"token":"era_…"}"""),
        ["GetErasureByToken"] = new("""{"token":"era_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""", null),
        ["VerifyReceipt"] = new("""{"receipt":"{\"format\":\"integrations-erasure-1\"}","signature":"MEUCIQ=="}""", """{"valid":false}"""),
        ["ListNotices"] = new(
            null,
            $$"""{"items":[{"id":"{{Message}}","kind":"login_needed","account_id":"{{Account}}","account_name":"Sales","dialog_id":null,"dialog_name":null,"code":"TG_SESSION_EXPIRED","until":null,"since":"{{Time}}","times":1,"told_at":"{{Time}}","resolved_at":null,"read_at":null}],"unread":1,"total":1,"page":1,"size":20,"pages":1}"""),
        ["MarkNoticesRead"] = new("""{"all":true}""", """{"read":3}"""),
        ["ChangeNoticeSettings"] = new("""{"muted":["account_back","flood_over"]}""", """{"muted":["account_back","flood_over"]}"""),
        ["ReconnectPersonalAccount"] = new("""{"phone":"+9996611234"}""", null),
        ["OpenProject"] = new(
            """{"name":"Shop"}""", AProject("Shop")),
        ["SetWorkingGroup"] = new(
            $$$"""{"bots":["{{{Account}}}"],"chat":"-1001234567890","language":"en"}""",
            $$$"""{"project_id":"{{{Account}}}","mirroring":false,"missing":[],"chat_id":-1001234567890,"title":"Shop desk","username":null,"is_forum":true,"language":"en","link":"https://t.me/c/1234567890","checked_at":"{{{Time}}}","bots":[{"id":"{{{Account}}}","username":"shop_desk_bot","display_name":"Desk","status":"active","in_group":true,"can_manage_topics":true,"can_delete_messages":true,"can_pin_messages":true,"missing":[],"checked_at":"{{{Time}}}"}],"found":[],"queue":{"waiting":0,"oldest_seconds":0,"delay_seconds":0,"failed":0}}"""),
        ["ChangeProject"] = new("""{"name":"Online shop"}""", AProject("Online shop")),
        ["ChangeUser"] = new(
            """{"role":"operator"}""",
            $$"""{"id":"{{Message}}","user_id":2000000002,"email":"anna@example.org","display_name":"Anna","role":"operator","is_active":true,"sign_in":"here","second_factor":null,"last_seen_at":"{{Time}}","created_at":"{{Time}}","updated_at":"{{Time}}"}"""),
        ["InviteUser"] = new(
            """{"email":"anna@example.org","role":"operator","project_ids":[]}""",
            $$"""{"invitation":{"id":"{{Message}}","email":"anna@example.org","role":"operator","project_ids":[],"invited_by":2000000001,"expires_at":"{{Time}}","created_at":"{{Time}}","updated_at":"{{Time}}"},"token":"inv_…"}"""),
        ["AcceptInvitation"] = new(
            """{"token":"inv_…","display_name":"Anna","password":"correct horse battery staple"}""", SessionOf("anna@example.org")),
        ["RenameMe"] = new("""{"display_name":"Anna"}""", null),
        ["ChangePassword"] = new("""{"current_password":"correct horse battery staple","new_password":"another horse battery staple"}""", null),
        ["ChangePreferences"] = new(
            """{"language":"ru","time_zone":"Europe/Berlin"}""", """{"language":"ru","theme":null,"time_zone":"Europe/Berlin"}"""),
        ["CreateApiKey"] = new(
            """{"name":"Nightly report","scopes":["read"],"expires_in_days":90}""",
            $$"""{"api_key":{"id":"{{Message}}","user_id":2000000001,"name":"Nightly report","prefix":"int_k3Qz9a","scopes":["read"],"expires_at":"{{Time}}","last_used_at":null,"replaced_by":null,"created_at":"{{Time}}"},"key":"int_…"}"""),
        ["RotateApiKey"] = new("""{"overlap_hours":24}""", null),
        ["GetOverview"] = new(
            null,
            $$"""{"attention":[{"kind":"message_failed","severity":"error","account_id":"{{Account}}","dialog_id":"{{Dialog}}","message_id":"{{Message}}","code":"TG_PEER_FORBIDDEN","since":"{{Time}}","until":null,"action":"retry"}],"numbers":{"accounts":{"pending":0,"active":12,"error":1,"paused":0,"disconnected":2},"hours":[{"hour":"{{Time}}","received":40,"sent":31,"failed":1}],"delivery_delay_ms":{"p50":180.5,"p95":640.25} },"generated_at":"{{Time}}"}"""),
        ["GetLimits"] = new(null, Limits),
        ["SetSecuritySettings"] = new("""{"second_factor_required":true}""", """{"second_factor_required":true,"without_second_factor":1}"""),
        ["ListRefusals"] = new(
            null,
            $$"""{"items":[{"seq":7,"minute":"{{Time}}","kind":"sign_in","user_id":2000000001,"user_name":"Example","by_key":false,"address":"192.0.2.7","route":"SignIn","times":5}],"next_before":null}"""),
        ["CountRefusals"] = new(null, """[{"day":"2026-05-12","kind":"sign_in","times":5}]"""),
        ["SetLimits"] = new("""{"send":{"per_minute":300,"burst":50}}""", Limits),
        ["GetErrorStatistics"] = new(null, """{"total_actions":120,"error_count":3,"success_count":115,"error_rate":2.5,"period_days":7}"""),
        ["IssueEventTicket"] = new(null, $$"""{"ticket":"tkt_…","expires_at":"{{Time}}"}"""),
        ["GetDetailedHealth"] = new(
            null,
            $$"""{"status":"healthy","service":"integration-service","timestamp":"{{Time}}","version":"1.0.0","components":{"database":{"status":"healthy","type":"PostgreSQL"},"vault":{"status":"not_configured","type":"HashiCorp Vault"},"rabbitmq":{"status":"healthy","type":"RabbitMQ"} } }"""),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static IEnumerable<KeyValuePair<string, Example>> All => ByOperation;

    public static Example? Of(string? operation) => operation is null ? null : ByOperation.GetValueOrDefault(operation);

    private const string AChannel =
        $$"""{"id":"{{Account}}","user_id":2000000001,"account_id":"{{Account}}","bot_id":null,"sender_name":"Shop","channel_id":-1001000000001,"title":"Shop news","type":"channel","username":"shop_news","settings":{"label":"News of the shop"},"members_count":120,"is_active":true,"can_post":true,"missing_right":null,"rights":{"status":"administrator","post_messages":true,"edit_messages":true,"delete_messages":true,"pin_messages":true,"invite_users":false,"manage_topics":false},"checked_at":"{{Time}}","error_code":null,"error_detail":null,"dialog_id":"{{Dialog}}","last_post_at":"{{Time}}","created_at":"{{Time}}","updated_at":"{{Time}}"}""";

    private static string ABot(string name) =>
        $$"""{"id":"{{Account}}","user_id":2000000001,"project_id":null,"status":"active","world":"telegram","telegram_user_id":100200,"username":"shop_helper_bot","display_name":"{{name}}","bot_token":"1002…mple","rights":{"can_join_groups":true,"can_read_all_group_messages":false,"supports_inline_queries":false,"can_connect_to_business":false,"has_topics_enabled":false},"messages_received":0,"messages_sent":0,"last_activity":null,"pending_updates":0,"hook_error":null,"hook_error_at":null,"registered_at":"{{Time}}","checked_at":"{{Time}}","last_error_code":null,"last_error":null,"created_at":"{{Time}}","updated_at":"{{Time}}"}""";

    private static string AProject(string name) =>
        $$"""{"id":"{{Account}}","name":"{{name}}","mirroring":false,"missing":[],"managing_bots":[],"members":3,"accounts":{"pending":0,"active":2,"error":0,"paused":0,"disconnected":0},"created_at":"{{Time}}","updated_at":"{{Time}}"}""";

    private static string ADialog(int unread) =>
        $$"""{"id":"{{Dialog}}","source":"personal_telegram","personal_account_id":"{{Account}}","peer_kind":"user","peer_id":1000002,"username":"boris_example","phone":null,"title":"Boris","last_message_at":"{{Time}}","unread_count":{{unread}},"waiting_since":"{{Time}}","last_message":{"direction":"personal_telegram_in","status":"received","text":"Good morning","media_kind":null},"assignee":{"user_id":2000000001,"name":"Example"},"created_at":"{{Time}}","updated_at":"{{Time}}"}""";

    private static string SessionOf(string email) => $$"""{"session_token":"ses_…","user":{{Me(email)}} }""";

    private static string Me(string email) =>
        $$"""{"id":"{{Message}}","user_id":2000000001,"role":"owner","tenant_id":"{{Dialog}}","email":"{{email}}","display_name":"Example","owes_second_factor":false}""";
}
