namespace Integrations.Web.Api;

/// <summary>How many requests each person of the tenant may make; nothing is limited where it is not enabled.</summary>
internal sealed record Limits(bool Enabled, [property: System.Text.Json.Serialization.JsonPropertyName("limits")] Limit[] Items);

/// <summary>The limit of one class of requests, as it holds now and as it is by default, and between which numbers it can be set.</summary>
internal sealed record Limit(string Class, int PerMinute, int Burst, string Source, int DefaultPerMinute, int DefaultBurst, int Minimum, int Ceiling);

internal sealed record SetLimit(int PerMinute, int Burst);
