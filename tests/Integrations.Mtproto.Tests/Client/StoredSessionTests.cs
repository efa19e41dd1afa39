using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Session;

namespace Integrations.Mtproto.Tests.Client;

public sealed class StoredSessionTests
{
    private static readonly AuthKey Key = new([.. Enumerable.Range(0, AuthKey.Size).Select(i => (byte)i)]);

    [Fact]
    public void A_session_with_as_many_salts_as_are_kept_stays_under_a_kilobyte_and_comes_back()
    {
        var session = new TelegramSession(5, Key, long.MinValue, long.MaxValue)
        {
            Salts = [.. Enumerable.Range(0, 64).Select(i => new ServerSalt(-i, 1_700_000_000 + (i * 1800), 1_700_003_600 + (i * 1800)))],
        };

        var bytes = session.ToBytes();
        var read = TelegramSession.FromBytes(bytes);

        Assert.InRange(bytes.Length, 1, 999);
        Assert.Equal((5, long.MinValue, long.MaxValue), (read.DcId, read.Salt, read.UserId));
        Assert.Equal(Key.Bytes, read.Key.Bytes);
        Assert.Equal(session.Salts.Take(32), read.Salts);
    }

    [Fact]
    public void A_session_of_the_second_version_is_read()
    {
        var bytes = new byte[1 + 2 + 8 + 8 + AuthKey.Size + 1 + 24];
        bytes[0] = 2;
        bytes[1] = 2;
        Key.Bytes.CopyTo(bytes.AsSpan(19));
        bytes[275] = 1;
        bytes[276] = 7;
        bytes[284] = 8;
        bytes[292] = 9;

        var read = TelegramSession.FromBytes(bytes);

        Assert.Equal([new ServerSalt(7, 8, 9)], read.Salts);
        Assert.Equal(3, read.ToBytes()[0]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(275)]
    [InlineData(277)]
    public void Bytes_of_another_length_are_refused(int length)
    {
        var bytes = new byte[length];
        bytes.AsSpan(0, Math.Min(1, length)).Fill(3);

        Assert.Throws<FormatException>(() => TelegramSession.FromBytes(bytes));
    }

    [Fact]
    public void An_invite_link_is_read_in_the_forms_that_people_pass_on()
    {
        Assert.All(
            new[] { "https://t.me/+AbC_-1", "http://t.me/joinchat/AbC_-1", "t.me/+AbC_-1", "tg://join?invite=AbC_-1", "+AbC_-1", "AbC_-1", " https://t.me/+AbC_-1/ " },
            link => Assert.Equal("AbC_-1", InviteLink.HashOf(link)));
        Assert.All(new[] { "", "https://t.me/town_square/5", "https://example.org/+abc", "two words" }, link => Assert.Throws<FormatException>(() => InviteLink.HashOf(link)));
    }
}
