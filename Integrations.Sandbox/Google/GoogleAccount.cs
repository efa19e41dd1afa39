namespace Integrations.Sandbox.Google;

/// <summary>A person with a Google account.</summary>
/// <param name="Id">The <c>sub</c>: digits, for ever the same.</param>
/// <param name="TimeZone">IANA, of the primary calendar.</param>
public sealed record GoogleAccount(string Id, string Email, string Name, string TimeZone);

/// <summary>Whether the app's consent screen is published. While testing, grants end after seven days.</summary>
public enum GooglePublishing
{
    Production,
    Testing,
}

/// <summary>An OAuth client of a Google Cloud project.</summary>
/// <param name="RedirectUris">Compared byte by byte. HTTPS, or HTTP on loopback; no fragment.</param>
/// <param name="Project">Revoking a grant ends it for all clients of the project.</param>
public sealed record GoogleClient(
    string ClientId, string Secret, IReadOnlyList<string> RedirectUris, GooglePublishing Publishing = GooglePublishing.Production, string Project = "sandbox-project");

/// <summary>One request that the simulated Google got: for tests that count.</summary>
/// <param name="Operation"><c>calendar.events.list</c>, <c>oauth.token</c>.</param>
/// <param name="Status">0 where the connection was cut instead of an answer.</param>
public sealed record GoogleCall(string Operation, string Method, string Path, int Status);
