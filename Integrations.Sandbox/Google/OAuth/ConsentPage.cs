using System.Net;
using System.Text;

namespace Integrations.Sandbox.Google.OAuth;

/// <summary>The page on which a person chooses an account and allows or denies. A form of plain HTML: a browser posts it, and so does a test.</summary>
/// <remarks>
/// The fields are the parameters of the request, <c>account</c> (an address), <c>granted</c> once for each scope that is ticked, and
/// <c>decision</c>: <c>allow</c> or <c>deny</c>.
/// </remarks>
internal static class ConsentPage
{
    private const string Style = """
        :root{color-scheme:light dark}
        body{font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:3em auto;padding:0 1em}
        fieldset{border:1px solid #999;margin:1em 0}
        label{display:block}
        button{font:inherit;padding:.4em 1.4em;margin-right:1em}
        code{overflow-wrap:anywhere}
        """;

    public static GoogleAnswer Ask(AuthorizationRequest request, IReadOnlyCollection<GoogleAccount> accounts)
    {
        var html = new StringBuilder();
        html.Append("<h1>Sign in with Google (sandbox)</h1><p><code>").Append(Text(request.Client.ClientId)).Append("</code> wants access to your Google Account.</p>");
        if (request.Client.Publishing is GooglePublishing.Testing)
            html.Append("<p>Google hasn’t verified this app: it is being tested.</p>");

        html.Append("<form method=post action=\"/o/oauth2/v2/auth\">");
        foreach (var (name, value) in request.Raw)
            html.Append("<input type=hidden name=\"").Append(Text(name)).Append("\" value=\"").Append(Text(value)).Append("\">");

        html.Append("<fieldset><legend>Choose an account</legend>");
        var chosen = accounts.FirstOrDefault(account => account.Email == request.LoginHint) ?? accounts.FirstOrDefault();
        foreach (var account in accounts)
        {
            html.Append("<label><input type=radio name=account required value=\"").Append(Text(account.Email)).Append('"').Append(account == chosen ? " checked> " : "> ")
                .Append(Text($"{account.Name} ({account.Email})")).Append("</label>");
        }

        html.Append("</fieldset><fieldset><legend>What it may do</legend>");
        var canUntick = CanUntick(request.Scopes);
        foreach (var scope in request.Scopes)
        {
            // What cannot be unticked is granted with the whole, so it has no field.
            html.Append(canUntick && !GoogleScopes.IsForSignIn(scope) ? $"<label><input type=checkbox name=granted checked value=\"{Text(scope)}\"> " : "<label>")
                .Append(Text(GoogleScopes.Describe(scope))).Append("</label>");
        }

        html.Append("</fieldset><button name=decision value=allow>Allow</button><button name=decision value=deny>Deny</button></form>");
        return Page(200, "Sign in with Google (sandbox)", html.ToString());
    }

    /// <summary>An error that goes to nobody but the person, as it may be an attack on the app.</summary>
    public static GoogleAnswer Refuse(OAuthRefusal refusal) =>
        Page(refusal.Status, "Access blocked", $"<h1>Access blocked: Authorization Error</h1><p>{Text(refusal.Message)}</p><p>Error {refusal.Status}: {Text(refusal.Error)}</p>");

    /// <summary>Granular consent: with two scopes or more besides those of sign-in, each has a tick.</summary>
    public static bool CanUntick(IEnumerable<string> scopes) => scopes.Count(scope => !GoogleScopes.IsForSignIn(scope)) >= 2;

    private static GoogleAnswer Page(int status, string title, string body) => new(status)
    {
        Html = $"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>{title}</title><style>{Style}</style>"
            + $"<body><main>{body}</main></body></html>",
    };

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
