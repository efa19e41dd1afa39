using System.Text.Json;

namespace Integrations.Web.Api;

/// <summary>What there is to agree to before an account is connected, and whether the reader has.</summary>
public sealed record Consent(string Version, string Language, string Text, DateTimeOffset? GivenAt);

/// <summary>Whose data is to be erased.</summary>
internal sealed record EraseRequest(string Subject, string Confirm, int? UserId = null, Guid? DialogId = null);

/// <summary>An erasure, which names nobody.</summary>
internal sealed record Erasure(
    Guid Id, string Subject, string State, DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt, JsonElement? Erased, int Sessions, string? Receipt, string? Signature)
{
    /// <summary>How many rows went so far.</summary>
    public long Rows => Erased is { } erased ? erased.EnumerateObject().Sum(table => table.Value.GetInt64()) : 0;
}

/// <param name="Token">By which the receipt is read without signing in.</param>
internal sealed record BegunErasure(Erasure Erasure, string Token);
