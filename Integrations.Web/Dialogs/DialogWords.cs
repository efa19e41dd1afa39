using Integrations.Web.Api;
using Integrations.Web.Texts;
using Microsoft.Extensions.Localization;

namespace Integrations.Web.Dialogs;

/// <summary>How dialogs, inboxes and colleagues are called on the desk's pages.</summary>
internal static class DialogWords
{
    public static string NameOf(this IStringLocalizer<Text> texts, Dialog dialog) =>
        dialog.Title ?? (dialog.Username is null ? dialog.Phone ?? texts["UnknownPerson"] : "@" + dialog.Username);

    public static string NameOf(this IStringLocalizer<Text> texts, Inbox inbox) =>
        inbox.IsBot ? texts["Desk_Bot", texts.BareNameOf(inbox)] : texts.BareNameOf(inbox);

    private static string BareNameOf(this IStringLocalizer<Text> texts, Inbox inbox) =>
        inbox.Name ?? (inbox.Username is null ? inbox.Phone ?? texts["NewAccount"] : "@" + inbox.Username);

    public static string NameOf(this IStringLocalizer<Text> texts, Colleague colleague) => colleague.Name ?? texts["Desk_Colleague", colleague.UserId];

    public static string NameOf(this IStringLocalizer<Text> texts, Present present) => present.Name ?? texts["Desk_Colleague", present.UserId];

    /// <summary>How long somebody has waited, in the largest unit that fits.</summary>
    public static string Waiting(this IStringLocalizer<Text> texts, TimeSpan time) => time switch
    {
        { TotalMinutes: < 1 } => texts["Desk_WaitingNow"],
        { TotalHours: < 1 } => texts["Desk_WaitingMinutes", (int)time.TotalMinutes],
        { TotalDays: < 1 } => texts["Desk_WaitingHours", (int)time.TotalHours],
        _ => texts["Desk_WaitingDays", (int)time.TotalDays],
    };

    /// <summary>Who is at a dialog, in one sentence; null for nobody.</summary>
    public static string? Presence(this IStringLocalizer<Text> texts, IReadOnlyList<Present> there) => there switch
    {
        [] => null,
        [{ State: "typing" } one] => texts["Desk_Answering", texts.NameOf(one)].Value,
        [{ State: "typing" } one, ..] => texts["Desk_AnsweringAndMore", texts.NameOf(one), there.Count - 1].Value,
        [var one] => texts["Desk_Viewing", texts.NameOf(one)].Value,
        [var one, ..] => texts["Desk_ViewingAndMore", texts.NameOf(one), there.Count - 1].Value,
    };
}
