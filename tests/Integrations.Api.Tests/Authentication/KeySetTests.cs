using System.Security.Cryptography;
using Integrations.Api.Authentication;
using Integrations.Core.Errors;
using Integrations.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Integrations.Api.Tests.Authentication;

/// <summary>The published keys, fetched from a real server that does what servers do.</summary>
public sealed class KeySetTests : IAsyncLifetime
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly TestClock _clock = new();
    private readonly CallerAuthenticationOptions _options = new();
    private UserService _service = null!;
    private ServiceProvider _services = null!;
    private KeySet _keys = null!;

    public async ValueTask InitializeAsync()
    {
        _service = await UserService.StartAsync();
        _options.Jwks.Address = _service.Address;
        // Only tells a hang from a busy machine.
        _options.Jwks.Timeout = TimeSpan.FromSeconds(60);
        _services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(_clock).AddSingleton(Options.Create(_options)).AddKeySet().BuildServiceProvider();
        _keys = _services.GetRequiredService<KeySet>();
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _service.DisposeAsync();
    }

    [Fact]
    public async Task A_hundred_first_requests_at_once_fetch_the_set_once()
    {
        var found = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => _keys.FindAsync("rsa 1", "RS256", _cancel).AsTask()));

        Assert.All(found, Assert.NotNull);
        Assert.Equal(1, _service.Fetches);
    }

    [Fact]
    public async Task A_key_is_found_by_its_name_and_its_own_algorithm_and_by_nothing_else()
    {
        Assert.Equal("RS256", (await _keys.FindAsync("rsa 1", "RS256", _cancel))!.Algorithm);
        Assert.Equal("ES256", (await _keys.FindAsync("curve 1", "ES256", _cancel))!.Algorithm);
        Assert.NotNull(await _keys.FindAsync(null, "ES256", _cancel));

        foreach (var (name, algorithm) in new[] { ("rsa 1", "ES256"), ("RSA 1", "RS256"), ("../rsa 1", "RS256"), ("' or '1'='1", "RS256"), ("rsa 1", "HS256") })
            Assert.Null(await _keys.FindAsync(name, algorithm, _cancel));
    }

    [Fact]
    public async Task A_name_that_two_keys_have_and_no_name_among_several_keys_find_nobody()
    {
        using var other = RSA.Create(2048);
        _service.Answer = context => context.Response.WriteAsync(UserService.SetOf(UserService.Jwk(_service.Rsa, "twin"), UserService.Jwk(other, "twin")));

        Assert.Null(await _keys.FindAsync("twin", "RS256", _cancel));
        Assert.Null(await _keys.FindAsync(null, "RS256", _cancel));
    }

    [Fact]
    public async Task Names_that_somebody_makes_up_lead_to_one_fetch_in_a_pause()
    {
        for (var i = 0; i < 200; i++)
            Assert.Null(await _keys.FindAsync($"made up {i}", "RS256", _cancel));
        Assert.Equal(1, _service.Fetches);

        _clock.Advance(_options.Jwks.MinimumPause);
        for (var i = 0; i < 200; i++)
            Assert.Null(await _keys.FindAsync($"made up {i}", "RS256", _cancel));
        Assert.Equal(2, _service.Fetches);
    }

    [Fact]
    public async Task A_new_key_is_found_at_once_and_a_withdrawn_one_serves_no_longer()
    {
        Assert.NotNull(await _keys.FindAsync("rsa 1", "RS256", _cancel));
        _service.Answer = context => context.Response.WriteAsync(_service.Set(rsa: "rsa 2"));
        _clock.Advance(_options.Jwks.MinimumPause);

        Assert.NotNull(await _keys.FindAsync("rsa 2", "RS256", _cancel));
        Assert.Null(await _keys.FindAsync("rsa 1", "RS256", _cancel));
    }

    /// <summary>What is wrong with an answer, and the answer.</summary>
    public static TheoryData<string, RequestDelegate> Troubles() => new()
    {
        { "an outage", context => Plain(context, 503, "down") },
        { "no JSON", context => Plain(context, 200, "<html>sign in</html>") },
        { "no keys", context => Plain(context, 200, """{"keys":[]}""") },
        { "keys that are none", context => Plain(context, 200, """{"keys":{"kty":"RSA"}}""") },
        { "members twice", context => Plain(context, 200, """{"keys":[],"keys":[{"kty":"EC"}]}""") },
        { "too much", context => Plain(context, 200, $$"""{"keys":[],"x":"{{new string('x', KeySet.MaxBytes)}}"}""") },
        { "too much without a length", WithoutEndAsync },
        { "a broken connection", context => { context.Abort(); return Task.CompletedTask; } },
        { "a redirect", context => { context.Response.Redirect("/elsewhere"); return Task.CompletedTask; } },
    };

    [Theory]
    [MemberData(nameof(Troubles), DisableDiscoveryEnumeration = true)]
    public async Task The_last_good_set_serves_through_trouble_and_not_for_ever(string trouble, RequestDelegate answer)
    {
        Assert.NotNull(await _keys.FindAsync("rsa 1", "RS256", _cancel));
        var good = _service.Answer;
        _service.Answer = answer;
        _clock.Advance(_options.Jwks.Lifetime);

        // The first starts a fetch that nobody waits for; the second, of a name not known, waits for it.
        Assert.NotNull(await _keys.FindAsync("rsa 1", "RS256", _cancel));
        Assert.Null(await _keys.FindAsync("not there", "RS256", _cancel));
        Assert.True(_service.Fetches == 2, trouble);
        Assert.NotNull(await _keys.FindAsync("rsa 1", "RS256", _cancel));

        _clock.Advance(_options.Jwks.StaleLifetime);
        Assert.Equal(ErrorCodes.ServiceUnavailable, (await Assert.ThrowsAsync<IntegrationException>(async () => await _keys.FindAsync("rsa 1", "RS256", _cancel))).Code);

        _service.Answer = good;
        _clock.Advance(_options.Jwks.MinimumPause);
        Assert.NotNull(await _keys.FindAsync("rsa 1", "RS256", _cancel));
    }

    [Fact]
    public async Task Who_has_a_known_key_does_not_wait_for_a_slow_server()
    {
        Assert.NotNull(await _keys.FindAsync("rsa 1", "RS256", _cancel));
        var release = new TaskCompletionSource();
        var asked = new TaskCompletionSource();
        _service.Answer = async context =>
        {
            asked.SetResult();
            await release.Task;
            await context.Response.WriteAsync(_service.Set("rsa 2"));
        };
        _clock.Advance(_options.Jwks.Lifetime);

        Assert.NotNull(await _keys.FindAsync("rsa 1", "RS256", _cancel));
        await asked.Task.WaitAsync(_cancel);
        Assert.NotNull(await _keys.FindAsync("rsa 1", "RS256", _cancel));
        var newer = _keys.FindAsync("rsa 2", "RS256", _cancel).AsTask();
        Assert.False(newer.IsCompleted);

        release.SetResult();
        Assert.NotNull(await newer);
        Assert.Equal(2, _service.Fetches);
    }

    [Fact]
    public async Task A_server_that_never_finishes_its_answer_is_given_up()
    {
        _options.Jwks.Timeout = TimeSpan.FromMilliseconds(200);
        _service.Answer = async context =>
        {
            await context.Response.WriteAsync("{\"keys\":[");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };

        var refused = await Assert.ThrowsAsync<IntegrationException>(async () => await _keys.FindAsync("rsa 1", "RS256", _cancel));

        Assert.Equal((ErrorCodes.ServiceUnavailable, _options.Jwks.MinimumPause), (refused.Code, refused.RetryAfter));
    }

    [Theory]
    [InlineData("https://users.example.org/keys", false, true)]
    [InlineData("http://127.0.0.1:5000/keys", false, true)]
    [InlineData("http://localhost/keys", false, true)]
    [InlineData("http://users.example.org/keys", false, false)]
    [InlineData("http://users.example.org/keys", true, true)]
    public void Keys_come_over_https_or_from_this_machine(string address, bool isDevelopment, bool safe) =>
        Assert.Equal(safe, new CallerAuthenticationOptions { Jwks = { Address = new(address) } }.FetchesKeysSafely(isDevelopment));

    private static Task Plain(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(body);
    }

    private static async Task WithoutEndAsync(HttpContext context)
    {
        while (!context.RequestAborted.IsCancellationRequested)
            await context.Response.WriteAsync(new string(' ', 4096));
    }
}
