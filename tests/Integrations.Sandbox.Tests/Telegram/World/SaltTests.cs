namespace Integrations.Sandbox.Tests.Telegram.World;

public sealed class SaltTests : IDisposable
{
    private readonly AWorld _a = new();

    public void Dispose() => _a.Dispose();

    [Fact]
    public void A_salt_is_valid_in_its_own_time_and_in_the_next()
    {
        var key = _a.World.FindKey(_a.NewKey(), 2)!;
        var salt = _a.World.Salts(key.Id, _a.Clock.GetUtcNow(), 1)[0];

        Assert.True(_a.World.IsSaltValid(key, salt.Salt, DateTimeOffset.FromUnixTimeSeconds(salt.ValidSince)));
        Assert.True(_a.World.IsSaltValid(key, salt.Salt, DateTimeOffset.FromUnixTimeSeconds(salt.ValidUntil - 1)));
        Assert.False(_a.World.IsSaltValid(key, salt.Salt, DateTimeOffset.FromUnixTimeSeconds(salt.ValidUntil)));
    }

    [Fact]
    public void Future_salts_are_the_ones_that_will_be_valid()
    {
        var key = _a.World.FindKey(_a.NewKey(), 2)!;
        var salts = _a.World.Salts(key.Id, _a.Clock.GetUtcNow(), 4);

        Assert.Equal(4, salts.Select(salt => salt.Salt).Distinct().Count());
        foreach (var salt in salts)
            Assert.True(_a.World.IsSaltValid(key, salt.Salt, DateTimeOffset.FromUnixTimeSeconds(salt.ValidSince)));
    }

    [Fact]
    public void The_salt_of_the_handshake_lasts_for_the_first_hour()
    {
        var key = _a.World.FindKey(_a.NewKey(), 2)!;

        Assert.True(_a.World.IsSaltValid(key, 77, _a.Clock.GetUtcNow() + TimeSpan.FromMinutes(59)));
        Assert.False(_a.World.IsSaltValid(key, 77, _a.Clock.GetUtcNow() + TimeSpan.FromMinutes(60)));
    }

    [Fact]
    public void A_forced_rotation_ends_every_salt_given_so_far()
    {
        var key = _a.World.FindKey(_a.NewKey(), 2)!;
        var now = _a.Clock.GetUtcNow();
        var old = _a.World.Salts(key.Id, now, 1)[0].Salt;

        _a.World.RotateSalts();

        Assert.False(_a.World.IsSaltValid(key, old, now));
        Assert.False(_a.World.IsSaltValid(key, 77, now));
        Assert.True(_a.World.IsSaltValid(key, _a.World.Salts(key.Id, now, 1)[0].Salt, now));
    }

    [Fact]
    public void A_key_is_known_only_where_it_was_made()
    {
        var key = _a.NewKey(dcId: 1);

        Assert.NotNull(_a.World.FindKey(key, 1));
        Assert.Null(_a.World.FindKey(key, 2));
    }
}
