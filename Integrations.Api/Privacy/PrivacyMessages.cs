using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Integrations.Api.Http;
using Integrations.Core.Persistence;
using Integrations.Core.Privacy;

namespace Integrations.Api.Privacy;

/// <summary>Agrees to the text that is in force.</summary>
internal sealed record ConsentRequest
{
    [Required]
    [Description("The version of the text that was read: that of GET.")]
    public string? Version { get; init; }

    [Description("The language in which it was read: en (default), ru or uk.")]
    public string? Language { get; init; }
}

/// <summary>How the caller stands to the text that is in force.</summary>
/// <param name="Version">Send it back to agree.</param>
/// <param name="GivenAt">When he agreed to this version; null while he has not, or has taken it back.</param>
internal sealed record ConsentResponse(string Version, string Language, string Text, DateTimeOffset? GivenAt)
{
    public static ConsentResponse From(ConsentState state) => new(state.Version, state.Language, state.Text, state.GivenAt);
}

/// <summary>Whose data is meant.</summary>
internal record SubjectRequest
{
    [Required]
    [Description("user, person (somebody outside with whom accounts talk) or tenant.")]
    public string? Subject { get; init; }

    [Description("For a user: the number.")]
    public int? UserId { get; init; }

    [Description("For a person: a dialog with him. Of a person exactly one of dialog_id, telegram_user_id, phone and username is given.")]
    public Guid? DialogId { get; init; }

    public long? TelegramUserId { get; init; }

    [Description("In E.164.")]
    public string? Phone { get; init; }

    [Description("A Telegram username, with or without @.")]
    public string? Username { get; init; }

    /// <summary>The subject, or what is wrong with it among the errors.</summary>
    public Subject? Check(FieldErrors errors)
    {
        var known = Words.TryRead<SubjectKind>(Subject, out var kind);
        if (!known)
            errors.Add("subject", "Must be one of: user, person, tenant.");
        var ways = (DialogId is null ? 0 : 1) + (TelegramUserId is null ? 0 : 1) + (Phone is null ? 0 : 1) + (Username is null ? 0 : 1);
        if (known && kind is SubjectKind.User != UserId is not null)
            errors.Add("user_id", "Belongs to the subject user, which needs it.");
        if (UserId is < 1)
            errors.Add("user_id", "Must be the number of a user.");
        if (known && (kind is SubjectKind.Person ? ways != 1 : ways != 0))
            errors.Add("subject", "A person is named by exactly one of: dialog_id, telegram_user_id, phone, username; nobody else is.");
        if (TelegramUserId is < 1)
            errors.Add("telegram_user_id", "Must be the id of a Telegram user.");
        if (Phone is not null)
            Texts.CheckPhone("phone", Phone, errors);
        if (Username is not null && !Texts.IsUsername(Username))
            errors.Add("username", "Must be a Telegram username: 4 to 32 letters, digits and underscores, beginning with a letter.");
        return errors.Any ? null : new(kind, UserId, DialogId, TelegramUserId, Phone, Username);
    }
}

/// <summary>What to export.</summary>
internal sealed record ExportRequest : SubjectRequest;

/// <summary>What to erase.</summary>
internal sealed record ErasureRequest : SubjectRequest
{
    [Required]
    [Description("erase; for the tenant: erase everything. There is no way back.")]
    public string? Confirm { get; init; }
}

/// <summary>An erasure. It names nobody.</summary>
/// <param name="Subject">user, person or tenant.</param>
/// <param name="State">sessions, rows, key or done.</param>
/// <param name="Erased">How many rows went so far, by table; with .blanked those that stay without whom they were about.</param>
/// <param name="Sessions">Sessions at Telegram that there were.</param>
/// <param name="Receipt">A JSON document as it was signed, to the letter; null until it is done.</param>
/// <param name="Signature">ECDSA over P-256 with SHA-256 of the receipt in UTF-8, DER in Base64.</param>
internal sealed record ErasureResponse(
    Guid Id, string Subject, string State, DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt, JsonElement? Erased, int Sessions, string? Receipt, string? Signature)
{
    public static ErasureResponse From(Erasure erasure) => new(
        erasure.Id,
        Words.Of(erasure.Subject),
        Words.Of(erasure.State),
        erasure.CreatedAt,
        erasure.FinishedAt,
        erasure.Erased is null ? null : JsonElement.Parse(erasure.Erased),
        erasure.Sessions,
        erasure.Receipt,
        erasure.Signature is null ? null : Convert.ToBase64String(erasure.Signature));
}

/// <param name="Token">By which the receipt is read without signing in; it is shown this once.</param>
internal sealed record BegunErasureResponse(ErasureResponse Erasure, string Token);

internal sealed record ReceiptTokenRequest
{
    [Required]
    [Description("The token that the request to erase was answered with.")]
    public string? Token { get; init; }
}

/// <summary>A receipt and what is said to be its signature.</summary>
internal sealed record ReceiptRequest
{
    [Required]
    [Description("To the letter, at most 20,000 characters.")]
    public string? Receipt { get; init; }

    [Required]
    [Description("In Base64.")]
    public string? Signature { get; init; }
}

/// <param name="Valid">This installation has signed exactly this.</param>
internal sealed record ReceiptVerdictResponse(bool Valid);

/// <param name="PublicKey">In PEM: openssl dgst -sha256 -verify key.pem -signature receipt.sig receipt.json</param>
internal sealed record ReceiptKeyResponse(string PublicKey);
