using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Twilio.Rest;

/// <summary><c>/2010-04-01/Accounts/{Sid}</c>: what a connection is tested with.</summary>
internal static class AccountApi
{
    public static void Map(TwilioRoutes routes) => routes.Map2010("GET", "/Accounts/{account}", Fetch);

    private static TwilioAnswer Fetch(TwilioRequest request)
    {
        var account = request.Named();
        var uri = $"/{SandboxTwilio.ApiVersion}/Accounts/{account.Sid}";
        return TwilioAnswer.Ok(
            new JsonObject
            {
                ["auth_token"] = account.AuthToken,
                ["date_created"] = TwilioTime.Old(account.CreatedAt),
                ["date_updated"] = TwilioTime.Old(account.CreatedAt),
                ["friendly_name"] = account.FriendlyName,
                ["owner_account_sid"] = (account.Owner ?? account).Sid,
                ["sid"] = account.Sid,
                ["status"] = account.Status,
                ["subresource_uris"] = new JsonObject { ["messages"] = $"{uri}/Messages.json" },
                ["type"] = account.IsTrial ? "Trial" : "Full",
                ["uri"] = uri + ".json",
            },
            "Account");
    }
}
