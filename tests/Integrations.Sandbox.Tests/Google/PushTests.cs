using System.Net;
using Integrations.Sandbox.Google.Calendar;
using Integrations.Sandbox.Google.Faults;

namespace Integrations.Sandbox.Tests.Google;

/// <summary>Push channels of a calendar's events.</summary>
public sealed class PushTests
{
    private const string Watch = "/calendars/primary/events/watch";

    [Fact]
    public async Task A_channel_says_sync_first_and_then_that_something_changed()
    {
        await using var google = await AGoogle.StartAsync();
        await using var receiver = await AReceiver.StartAsync();
        var api = google.As(AGoogle.Anna);

        var watched = await api.SendAsync("POST", Watch, new { id = "one", type = "web_hook", address = receiver.Address, token = "of-the-channel" });
        var sync = await receiver.NextAsync();
        var id = await api.AnEventAsync();
        var inserted = await receiver.NextAsync();
        await api.SendAsync("DELETE", $"/calendars/primary/events/{id}");
        var deleted = await receiver.NextAsync();

        Assert.Equal("api#channel", watched.Text("kind"));
        Assert.Equal(google.Clock.GetUtcNow().AddDays(7).ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture), watched.Text("expiration"));
        Assert.Equal(new Push("one", "of-the-channel", "sync", 1, "Tue, 19 May 2026 10:00:00 GMT", watched.Text("resourceId"), 0), sync);
        Assert.Equal(("exists", "exists"), (inserted.State, deleted.State));
        Assert.True(sync.Number < inserted.Number && inserted.Number < deleted.Number);
    }

    [Fact]
    public async Task Only_who_opened_a_channel_stops_it()
    {
        await using var google = await AGoogle.StartAsync();
        await using var receiver = await AReceiver.StartAsync();
        var api = google.As(AGoogle.Anna);
        google.Sandbox.Share(AGoogle.Anna, AGoogle.Boris, CalendarRole.Owner);
        var resourceId = (await api.SendAsync("POST", Watch, new { id = "one", type = "web_hook", address = receiver.Address })).Text("resourceId");
        await api.SendAsync("POST", Watch, new { id = "two", type = "web_hook", address = receiver.Address });

        var stranger = await google.As(AGoogle.Boris).SendAsync("POST", "/channels/stop", new { id = "one", resourceId });
        var stopped = await api.SendAsync("POST", "/channels/stop", new { id = "one", resourceId });
        var again = await api.SendAsync("POST", "/channels/stop", new { id = "one", resourceId });
        await api.AnEventAsync();
        Push[] pushes = [await receiver.NextAsync(), await receiver.NextAsync(), await receiver.NextAsync()];

        Assert.Equal(HttpStatusCode.NotFound, stranger.Status);
        Assert.Equal(HttpStatusCode.NoContent, stopped.Status);
        Assert.Equal(HttpStatusCode.NotFound, again.Status);
        Assert.Equal("two", Assert.Single(pushes, push => push.State == "exists").Channel);
    }

    [Fact]
    public async Task A_channel_ends_by_itself_and_a_long_wish_is_cut()
    {
        await using var google = await AGoogle.StartAsync();
        await using var receiver = await AReceiver.StartAsync();
        var api = google.As(AGoogle.Anna);
        await api.SendAsync("POST", Watch, new { id = "short", type = "web_hook", address = receiver.Address, @params = new { ttl = "3600" } });
        var longest = await api.SendAsync("POST", Watch, new { id = "long", type = "web_hook", address = receiver.Address, @params = new { ttl = "99999999" } });
        Push[] syncs = [await receiver.NextAsync(), await receiver.NextAsync()];

        google.Clock.Advance(TimeSpan.FromHours(1));
        await google.As(AGoogle.Anna).AnEventAsync();

        Assert.All(syncs, push => Assert.Equal("sync", push.State));
        Assert.Equal(("exists", "long"), await receiver.NextAsync() is var push ? (push.State, push.Channel) : default);
        Assert.Equal(new DateTimeOffset(2026, 6, 11, 10, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture), longest.Text("expiration"));
    }

    [Theory]
    [InlineData("one", "http://127.0.0.1:9/push", "channelIdNotUnique")]
    [InlineData("two", "http://example.com/push", "push.webhookUrlNotHttps")]
    [InlineData("", "http://127.0.0.1:9/push", "required")]
    public async Task A_wrong_channel_is_refused(string id, string address, string reason)
    {
        await using var google = await AGoogle.StartAsync();
        await using var receiver = await AReceiver.StartAsync();
        var api = google.As(AGoogle.Anna);
        await api.SendAsync("POST", Watch, new { id = "one", type = "web_hook", address = receiver.Address });

        var reply = await api.SendAsync("POST", Watch, new { id, type = "web_hook", address });

        Assert.Equal((HttpStatusCode.BadRequest, reason), (reply.Status, reply.Reason));
    }

    [Fact]
    public async Task A_receiver_that_is_ill_gets_the_message_again_and_one_that_refuses_does_not()
    {
        await using var google = await AGoogle.StartAsync();
        await using var receiver = await AReceiver.StartAsync();
        var api = google.As(AGoogle.Anna);
        receiver.Status = 503;

        await api.SendAsync("POST", Watch, new { id = "one", type = "web_hook", address = receiver.Address });
        var first = await receiver.NextAsync();
        await google.Clock.WaitForTimerAsync(cancellationToken: TestContext.Current.CancellationToken);
        receiver.Status = 404;
        google.Clock.Advance(TimeSpan.FromSeconds(1));
        var second = await receiver.NextAsync();
        await api.AnEventAsync();
        var third = await receiver.NextAsync();

        Assert.Equal(first, second);
        Assert.Equal("exists", third.State);
    }

    [Fact]
    public async Task Messages_are_lost_and_doubled_on_request()
    {
        await using var google = await AGoogle.StartAsync();
        await using var receiver = await AReceiver.StartAsync();
        var api = google.As(AGoogle.Anna);
        await api.SendAsync("POST", Watch, new { id = "one", type = "web_hook", address = receiver.Address });
        var sync = await receiver.NextAsync();

        google.Sandbox.Faults.Add(new GoogleFault { Kind = GoogleFaultKind.LosePush, Person = AGoogle.Anna });
        await api.AnEventAsync();
        google.Sandbox.Faults.Add(new GoogleFault { Kind = GoogleFaultKind.DuplicatePush });
        await api.AnEventAsync();
        var (one, two) = (await receiver.NextAsync(), await receiver.NextAsync());

        Assert.Equal(one, two);
        Assert.True(one.Number > sync.Number + 1);
    }
}
