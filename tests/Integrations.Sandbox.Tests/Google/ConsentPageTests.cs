using Integrations.Sandbox.Google;
using Integrations.Sandbox.Tests.Telegram.Phone;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Playwright;

namespace Integrations.Sandbox.Tests.Google;

/// <summary>The consent page in a browser.</summary>
[Collection(PhonePages.Name)]
public sealed class ConsentPageTests(PhoneBrowser browser)
{
    [Fact]
    public async Task A_person_chooses_an_account_unticks_a_scope_and_comes_back_to_the_app()
    {
        await using var google = await AGoogle.StartAsync();
        await using var app = await AReceiver.StartAsync();
        google.Sandbox.AddClient(new GoogleClient("browser", "secret", [app.Callback]));
        await using var window = await browser.OpenAsync("");

        await window.Page.GotoAsync(QueryHelpers.AddQueryString($"{google.Address}o/oauth2/v2/auth", new Dictionary<string, string?>
        {
            ["client_id"] = "browser",
            ["redirect_uri"] = app.Callback,
            ["response_type"] = "code",
            ["scope"] = $"openid {AGoogle.Calendar} {AGoogle.Events}",
            ["state"] = "s t&a<te",
        }));
        await window.LookAsync("google-consent");
        await window.Page.GetByLabel("Boris Belov").CheckAsync();
        await window.Page.GetByLabel("View and edit events on all your calendars").UncheckAsync();
        await window.Button("Allow").ClickAsync();

        await Assertions.Expect(window.Page.GetByText("Back at the app.")).ToBeVisibleAsync();
        var answer = QueryHelpers.ParseQuery(new Uri(window.Page.Url).Query);
        Assert.Equal(["s t&a<te", $"openid {AGoogle.Calendar}"], [answer["state"].ToString(), answer["scope"].ToString()]);
        window.ExpectNoProblems();
    }
}
