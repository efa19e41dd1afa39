using System.Net;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Sessions;

namespace Integrations.Mtproto.Tests.Client;

/// <summary>Telethon's string sessions; that Telethon itself agrees is tested where it runs, against the sandbox.</summary>
public sealed class TelethonSessionTests
{
    private static readonly AuthKey Key = new([.. Enumerable.Range(0, AuthKey.Size).Select(i => (byte)(i * 7))]);

    [Theory]
    [InlineData("149.154.167.41", 353)]
    [InlineData("2001:67c:4e8:f002::a", 369)]
    public void A_session_comes_back_as_it_was_written(string address, int length)
    {
        var written = new TelethonSession(2, new IPEndPoint(IPAddress.Parse(address), 443), Key).Export();

        Assert.Equal(length, written.Length);
        Assert.True(TelethonSession.TryParse(written, out var read));
        Assert.Equal((2, address, 443), (read.DcId, read.Address.Address.ToString(), read.Address.Port));
        Assert.Equal(Key.Id, read.Key.Id);
        Assert.True(TelethonSession.TryParse(written.TrimEnd('='), out _));
        Assert.DoesNotContain(written[20..60], read.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1AgAO")]
    [InlineData("1ключ")]
    public void Anything_else_is_no_session(string? text) => Assert.False(TelethonSession.TryParse(text, out _));

    [Fact]
    public void A_session_that_was_cut_or_has_another_version_or_no_key_is_none()
    {
        var whole = new TelethonSession(2, new IPEndPoint(IPAddress.Loopback, 443), Key).Export();
        Assert.False(TelethonSession.TryParse(whole[..^5], out _));
        Assert.False(TelethonSession.TryParse("2" + whole[1..], out _));
        Assert.False(TelethonSession.TryParse(whole + "A", out _));
        Assert.False(TelethonSession.TryParse(whole.Replace('=', '!'), out _));
        var empty = new TelethonSession(2, new IPEndPoint(IPAddress.Loopback, 443), new AuthKey(new byte[AuthKey.Size]));
        Assert.False(TelethonSession.TryParse(empty.Export(), out _));
    }
}
