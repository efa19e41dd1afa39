namespace Integrations.Core.Privacy;

/// <summary>Which of a table's rows are a subject's, and what erasing does to them.</summary>
/// <param name="Where">The table is <c>t</c>; the parameters are those of <see cref="Traces"/>. Once erased, a row is not found by it any more.</param>
/// <param name="Blank">The assignments that take the subject out of rows that stay; null where the rows go.</param>
internal sealed record Share(string Where, string? Blank = null)
{
    /// <summary>All rows that the tenant has.</summary>
    public static readonly Share All = new("true");
}

/// <summary>A table with rows of tenants: what is kept there, about whom, for how long, and what becomes of it.</summary>
/// <param name="Holds">For the documentation, in a few words.</param>
/// <param name="Until">How long a row stays when nobody asks for anything.</param>
internal sealed record KeptTable(string Table, string Holds, string Until)
{
    /// <summary>What is a user's.</summary>
    public IReadOnlyList<Share> User { get; init; } = [];

    /// <summary>What is about a person outside, who is met in dialogs.</summary>
    public IReadOnlyList<Share> Person { get; init; } = [];

    /// <summary>What is a tenant's: all of it, unless the row itself has to stay.</summary>
    public IReadOnlyList<Share> Tenant { get; init; } = [Share.All];

    /// <summary>Columns that no export has: secrets, and what only this service can read.</summary>
    public IReadOnlyList<string> Hidden { get; init; } = [];

    /// <summary>Why no export has the table; null where it has.</summary>
    public string? NotExported { get; init; }

    /// <summary>The order of an export's lines.</summary>
    public string Order { get; init; } = "t.created_at";

    public IReadOnlyList<Share> Of(SubjectKind kind) => kind switch
    {
        SubjectKind.User => User,
        SubjectKind.Person => Person,
        SubjectKind.Tenant => Tenant,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a subject."),
    };
}

/// <summary>
/// All of them. Export and erasure are both made of this list, so that what one shows the other takes away; the page of the documentation is
/// too. A test compares it with the catalogue of the database: a new table is named here, or the test fails.
/// </summary>
internal static class KeptData
{
    private const string OfAccounts = "t.account_id = any(@accounts)";
    private const string OfUser = "t.user_id = @user";
    private const string OfDialogs = "t.dialog_id = any(@dialogs)";
    private const string OfAccountsDialogs = "t.dialog_id in (select d.id from dialogs d where d.personal_account_id = any(@accounts))";
    private const string Always = "until it is deleted";
    private const string WithUser = "as long as the user";
    private const string WithAccount = "as long as the account";
    private const string Mechanics = "holds numbers for the machinery only";
    private const string Copies = "repeats what other files have";

    /// <summary>An object of JSON, anywhere in a document, that names the user.</summary>
    private const string NamesUser =
        "jsonb_path_exists({0}, '$.** ? (@.user_id == $id || @.assignee_id == $id || @.author_id == $id || @.sent_by == $id)', jsonb_build_object('id', @user))";

    private const string EventsOfUser = "t.user_id = @user or t.account_id = any(@accounts) or ";

    private const string EventsOfPerson =
        "t.data ->> 'dialog_id' = any(@dialog_ids) or t.data ->> 'id' = any(@dialog_ids)"
        + " or (t.data ->> 'from_peer_kind' = 'user' and (t.data ->> 'from_peer_id')::bigint = any(@people))";

    private const string MessagesOfPerson = "{0}.dialog_id = any(@dialogs) or ({0}.from_peer_kind = 'user' and {0}.from_peer_id = any(@people))";

    private const string MediaOfUser = "exists (select from messages m where m.media_id = t.id and m.account_id = any(@accounts))";
    private const string UnusedUpload = "t.user_id = @user and not exists (select from messages m where m.media_id = t.id)";
    private static readonly string MediaOfPerson = $"exists (select from messages m where m.media_id = t.id and ({MessagesOfPerson.Replace("{0}", "m", StringComparison.Ordinal)}))";

    private const string BlankEntry = "user_id = null, address = null, user_agent = null, objects = '{}', changes = null, salt = null, erased_at = clock_timestamp()";

    private static string PartOf(string media) => media.Replace("t.id", "t.media_id", StringComparison.Ordinal);

    private static string Names(string column) => NamesUser.Replace("{0}", column, StringComparison.Ordinal);

    private static string Mentions(string list, string column) => $"exists (select from unnest({list}) x where strpos({column}, x::text) > 0)";

    /// <summary>Before the tables that they refer to.</summary>
    public static readonly IReadOnlyList<KeptTable> All =
    [
        new("outbox", "events that no reader has seen yet: texts, names, states", "under a second")
        {
            User = [new(EventsOfUser + Names("t.data"))],
            Person = [new(EventsOfPerson)],
            NotExported = Copies,
        },
        new("events", "the event stream: texts, names, states", "7 days")
        {
            User = [new(EventsOfUser + Names("t.data"))],
            Person = [new(EventsOfPerson)],
            NotExported = Copies,
        },
        new("idempotency_keys", "keys that callers chose for their requests, and the ids that they got", "24 hours")
        {
            User = [new(OfUser)],
            NotExported = Mechanics,
        },
        new("integration_logs", "what was done with accounts and what became of it, by whom; no texts", "30 days")
        {
            User = [new(OfUser + " or " + OfAccounts + " or " + Names("t.details"))],
            Person =
            [
                new("t.details ->> 'dialog_id' = any(@dialog_ids) or t.details ->> 'message_id' in (select m.id::text from messages m where "
                    + MessagesOfPerson.Replace("{0}", "m", StringComparison.Ordinal) + ")"),
            ],
            Order = "t.seq",
        },
        new("audit_entries", "who changed what, from which address and with which program", "a year")
        {
            User =
            [
                new($"t.erased_at is null and (t.user_id = @user or t.objects ->> 'user_id' = @user::text or {Names("t.changes")} or "
                    + $"{Mentions("@accounts", "concat(t.objects, t.changes)")})", BlankEntry),
            ],
            Person = [new($"t.erased_at is null and {Mentions("@dialogs", "concat(t.objects, t.changes)")}", BlankEntry)],
            Hidden = ["salt", "commitment", "hash"],
            Order = "t.seq",
        },
        new("refusals", "what was refused and may be an attack: kind, route, address, whose sign-in or request it was", "30 days") { User = [new(OfUser)], Order = "t.seq" },
        new("refusal_days", "how many refusals of each kind a day had", "30 days"),
        new("notices", "what the bell of the console tells a user", "90 days, if it is over")
        {
            User = [new(OfUser + " or " + OfAccounts)],
            Person = [new(OfDialogs)],
        },
        new("notice_settings", "which notices a user wants", WithUser) { User = [new(OfUser)] },
        new("dialog_notes", "what colleagues note beside a dialog", "as long as the dialog")
        {
            User = [new("t.author_id = @user or t.dialog_id in (select d.id from dialogs d where d.personal_account_id = any(@accounts))")],
            Person = [new(OfDialogs)],
            Order = "t.seq",
        },
        new("media_parts", "the content of files that were sent or came", "as long as the message")
        {
            User = [new(PartOf(MediaOfUser))],
            Person = [new(PartOf(MediaOfPerson))],
            NotExported = "is in the archive's folder media",
        },
        new("media", "files that were sent or came: kind, name, size", "as long as the message")
        {
            User = [new(MediaOfUser), new(UnusedUpload), new("t.user_id = @user", "user_id = null")],
            Person = [new(MediaOfPerson)],
            Hidden = ["location_sealed", "remote_key", "sha256", "shard", "not_before"],
        },
        new("message_changes", "edits, deletions and pins that were asked for: texts, and who asked", "as long as the message")
        {
            User = [new(OfAccounts), new(OfUser, "user_id = null")],
            Person = [new("t.message_id in (select m.id from messages m where " + MessagesOfPerson.Replace("{0}", "m", StringComparison.Ordinal) + ")")],
            Hidden = ["shard", "not_before"],
            Order = "t.seq",
        },
        new("message_words", "the words of messages, by which they are found", "as long as the message")
        {
            User = [new("t.inbox_id = any(@accounts)")],
            Person = [new("t.message_id in (select m.id from messages m where " + MessagesOfPerson.Replace("{0}", "m", StringComparison.Ordinal) + ")")],
            NotExported = Copies,
        },
        new("topic_answers", "who answered in a topic of a working group: Telegram's id and name", "as long as the dialog")
        {
            User = [new(OfAccountsDialogs)],
            Person = [new(OfDialogs), new("t.author_telegram_id = any(@people)", "author_telegram_id = 0, author_name = null")],
        },
        new("mirror_posts", "which message of a working group shows which message", "as long as the dialog")
        {
            User = [new(OfAccountsDialogs)],
            Person = [new(OfDialogs)],
            NotExported = Mechanics,
        },
        new("mirror_items", "what waits to be posted in a working group, as references", "until it is posted")
        {
            User = [new(OfAccountsDialogs)],
            Person = [new(OfDialogs)],
            NotExported = Mechanics,
        },
        new("topics", "the topics of dialogs in working groups: the person's name", "as long as the dialog")
        {
            User = [new(OfAccountsDialogs)],
            Person = [new(OfDialogs)],
        },
        new("working_group_bots", "which bots manage which working group", Always),
        new("working_groups", "the operators' groups in Telegram: id, title", Always),
        new("bot_groups", "in which groups bots were seen, and what they may do there", "as long as the bot"),
        new("messages", "what was said in the dialogs of connected accounts", "as long as the dialog")
        {
            User = [new(OfAccounts), new("t.sent_by = @user", "sent_by = null")],
            Person = [new(MessagesOfPerson.Replace("{0}", "t", StringComparison.Ordinal))],
            Hidden = ["random_id", "epoch", "shard", "not_before"],
            Order = "t.seq",
        },
        new("dialogs", "with whom an account talks: Telegram's id, name, username, phone", Always)
        {
            User = [new("t.personal_account_id = any(@accounts)"), new("t.assignee_id = @user", "assignee_id = null")],
            Person =
            [
                new("t.id = any(@dialogs) or (t.peer_kind = 'user' and t.peer_id = any(@people))"
                    + " or (t.peer_id is null and (t.phone = any(@phones) or lower(t.username) = any(@usernames)))"),
            ],
        },
        new("dialog_filters", "searches that a user has saved", WithUser)
        {
            User = [new(OfUser + " or " + OfAccounts + " or t.assignee = @user::text")],
            Person = [new("exists (select from unnest(@names) n where strpos(lower(concat_ws(' ', t.name, t.text)), n) > 0 or (length(t.text) > 2 and strpos(n, lower(t.text)) > 0))")],
        },
        new("telegram_peers", "whom an account has met in Telegram: id, name, username, phone", WithAccount)
        {
            User = [new(OfAccounts)],
            Person = [new("(t.kind = 'user' and t.peer_id = any(@people)) or t.phone = any(@phones) or lower(t.username) = any(@usernames)")],
            Hidden = ["access_hash"],
        },
        new("telegram_flood_waits", "how long Telegram asks an account to wait", "until then")
        {
            User = [new(OfAccounts)],
            Person = [new("t.chat = any(@dialog_ids)")],
            NotExported = Mechanics,
        },
        new("telegram_channel_looks", "questions to Telegram about channels, on their way; the name or link, sealed", "20 seconds")
        {
            User = [new(OfUser + " or " + OfAccounts)],
            Hidden = ["target_sealed"],
        },
        new("telegram_found_channels", "channels and groups that an account or a bot could be connected with: title, username, rights", "as long as the account or the bot")
        {
            User = [new(OfAccounts)],
        },
        new("telegram_channels", "connected channels and groups: title, username, number of members, rights", Always) { User = [new(OfAccounts)] },
        new("telegram_update_states", "where an account stands in Telegram's updates", WithAccount) { User = [new(OfAccounts)], NotExported = Mechanics },
        new("telegram_channel_states", "the same of its channels", WithAccount) { User = [new(OfAccounts)], NotExported = Mechanics },
        new("telegram_login_inputs", "codes and passwords on their way to Telegram, sealed", "a minute")
        {
            User = [new("t.login_id = any(@accounts)")],
            Hidden = ["sealed"],
        },
        new("telegram_logins", "logins: phone, where they stand", WithAccount)
        {
            User = [new("t.id = any(@accounts)")],
            Hidden = ["qr_url_sealed", "resume_sealed"],
        },
        new("account_events", "the timeline of an account", "90 days") { User = [new(OfAccounts), new("t.user_id = @user", "user_id = null")], Order = "t.seq" },
        new("message_hours", "how many messages an account had in each hour", "32 days") { User = [new(OfAccounts)] },
        new("telegram_accounts", "connected accounts: Telegram's id, name, username, phone; the session, sealed", Always)
        {
            User = [new("t.id = any(@accounts)")],
            Hidden = ["session_payload", "session_fingerprint", "session_metadata", "proxy_sealed", "shard"],
        },
        new("telegram_bot_updates", "what Telegram told about bots and was not processed yet: who wrote what", "a day, its content until it is processed")
        {
            Person = [new("t.chat_id = any(@people) or jsonb_path_exists(t.payload, '$.** ? (@.id == $people[*])', jsonb_build_object('people', to_jsonb(@people)))")],
            Hidden = ["seq", "shard", "not_before"],
            Order = "t.seq",
        },
        new("telegram_bots", "connected bots: Telegram's id, name, rights; the token, sealed", Always)
        {
            Hidden = ["token_sealed", "token_fingerprint", "hook_id", "hook_secret_sealed", "hook_secret_hash", "shard"],
        },
        new("integrations", "connections of the tenant to platforms: how they stand and who made them", Always),
        new("invitation_projects", "into which projects an invitation leads", "as long as the invitation")
        {
            User = [new("t.invitation_id in (select i.id from invitations i where i.invited_by = @user or i.accepted_by = @user or lower(i.email) = any(@emails))")],
        },
        new("invitations", "who was invited by whom: the address", Always)
        {
            User = [new("t.invited_by = @user or t.accepted_by = @user or lower(t.email) = any(@emails)")],
            Hidden = ["token_hash"],
        },
        new("api_keys", "a user's keys: names, rights, last use; of the key itself a digest", WithUser)
        {
            // A key goes before the one that replaced it, which it refers to.
            User = [new("t.user_id = @user and not exists (select from api_keys k where k.replaced_by = t.id)")],
            Tenant = [new("not exists (select from api_keys k where k.replaced_by = t.id)")],
            Hidden = ["key_hash"],
        },
        new("recovery_codes", "codes for whoever lost the authenticator, as digests", WithUser) { User = [new(OfUser)], Hidden = ["code_hash"] },
        new("sign_in_challenges", "sign-ins that wait for a code", "5 minutes") { User = [new(OfUser)], Hidden = ["token_hash"] },
        new("second_factors", "a user's authenticator, sealed", WithUser) { User = [new(OfUser)], Hidden = ["secret_sealed", "last_step"] },
        new("console_sessions", "a user's sessions in the console: browser, last use", "14 days from the last use") { User = [new(OfUser)], Hidden = ["token_hash"] },
        new("user_preferences", "language, theme and time zone of a user", WithUser) { User = [new(OfUser)] },
        new("project_members", "who works in which project", WithUser) { User = [new(OfUser)] },
        new("consents", "what a user agreed to, when and from where", WithUser) { User = [new(OfUser)] },
        new("quick_replies", "texts that everybody of the tenant answers with", Always),
        new("projects", "the tenant's projects", Always),
        new("tenant_limits", "how many requests the tenant's users may make", Always),
        new("tenant_hours", "how many messages the tenant had in each hour", "32 days"),
        new("message_counters", "how many messages were accepted", Always) { NotExported = Mechanics },
        new("audit_heads", "the end of the audit's chain", Always) { NotExported = Mechanics },
        new("audit_checkpoints", "where the audit was purged", Always) { Tenant = [Share.All], NotExported = Mechanics },
        new("data_keys", "data keys, wrapped by the tenant's own key", "until they are rotated out") { NotExported = "holds keys" },
        new("users", "people: name, address, role, the password's hash", Always)
        {
            User =
            [
                new("t.user_id = @user and t.erased_at is null",
                    "subject = 'erased:' || user_id, email = null, display_name = null, role = 'viewer', password_hash = null, is_active = false, last_seen_at = null, erased_at = clock_timestamp()"),
            ],
            Hidden = ["password_hash"],
        },
        new("erasures", "what was erased: numbers and a receipt, of nobody by name", "for good")
        {
            User = [new("t.requested_by = @user", "requested_by = null")],
            Tenant = [new("t.requested_by is not null", "requested_by = null")],
            Hidden = ["digest", "traces", "token_hash", "signature"],
        },
        new("tenants", "the customer: name and number", Always)
        {
            Tenant = [new("t.id = @tenant and (t.name <> 'erased' or t.number is not null or t.closed_at is null)", "name = 'erased', number = null, closed_at = coalesce(closed_at, clock_timestamp())")],
        },
    ];
}
