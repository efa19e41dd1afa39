using Integrations.Mtproto;
using Integrations.Mtproto.Files;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Text;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Server;
using Integrations.Testing;
using PeerKind = Integrations.Mtproto.GapRecovery.PeerKind;

namespace Integrations.Sandbox.Tests.Telegram.Client;

/// <summary>Photos, documents, voice and albums, there and back. Alone, for one of them counts the memory of the process.</summary>
[Collection(AloneTests.Name)]
public sealed class OurClientFilesTests : ServerTest
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_photo_arrives_with_its_size_and_its_bytes()
    {
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna");
        await using var boris = await OurClient.SignedInAsync(Sandbox, "boris");
        await boris.ReceiveAsync();
        var picture = Pictures.Png(320, 200);

        var file = await anna.Client.UploadAsync(new MemoryStream(picture), picture.Length, "grey.png", null, Token);
        var sent = await anna.Client.SendMediaAsync(Peer(Seed.Anna, Seed.Boris), new OutgoingMedia.Photo(file), FormattedText.FromMarkdown("*Grey*"), Sending(1), Token);

        var message = await boris.NextMessageAsync();
        Assert.True(sent.MessageId > 0);
        Assert.Equal("Grey", message.MessageValue);
        Assert.IsType<MessageEntityBold>(Assert.Single(message.Entities!));
        var size = Assert.IsType<PhotoSize>(Assert.Single(((Photo)((MessageMediaPhoto)message.Media!).Photo!).Sizes));
        Assert.Equal((320, 200, picture.Length), (size.W, size.H, size.Size));
        Assert.Equal(picture, await FetchAsync(boris, Peer(Seed.Boris, Seed.Anna), message));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(512 * 1024)]
    [InlineData((512 * 1024 * 3) + 17)]
    [InlineData((10 << 20) + 1)]
    public async Task A_document_of_any_length_arrives_as_it_was(int length)
    {
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna");
        await using var boris = await OurClient.SignedInAsync(Sandbox, "boris");
        await boris.ReceiveAsync();
        var bytes = Pictures.Noise(length);
        var told = new List<long>();

        var file = await anna.Client.UploadAsync(new MemoryStream(bytes), bytes.Length, "noise.bin", new Told(told), Token);
        await anna.Client.SendMediaAsync(
            Peer(Seed.Anna, Seed.Boris), new OutgoingMedia.Document(file, "application/octet-stream", []), FormattedText.Plain(""), Sending(2), Token);

        var message = await boris.NextMessageAsync();
        var remote = RemoteFile.Of(Peer(Seed.Boris, Seed.Anna), message)!;
        Assert.Equal(("noise.bin", (long)length, "application/octet-stream"), (remote.Name, remote.Size, remote.MimeType));
        Assert.Equal(bytes, await FetchAsync(boris, remote.Peer, message));
        Assert.Equal(length, told.Max());
    }

    [Fact]
    public async Task A_voice_message_is_one()
    {
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna");
        await using var boris = await OurClient.SignedInAsync(Sandbox, "boris");
        await boris.ReceiveAsync();
        var bytes = Pictures.Noise(5000);

        var file = await anna.Client.UploadAsync(new MemoryStream(bytes), bytes.Length, "voice.ogg", null, Token);
        await anna.Client.SendMediaAsync(
            Peer(Seed.Anna, Seed.Boris), new OutgoingMedia.Voice(file, TimeSpan.FromSeconds(3.2), [1, 2, 3]), FormattedText.Plain(""), Sending(3), Token);

        var media = (MessageMediaDocument)(await boris.NextMessageAsync()).Media!;
        Assert.True(media.Voice);
        var audio = ((Document)media.Document!).Attributes.OfType<DocumentAttributeAudio>().Single();
        Assert.Equal((true, 4), (audio.Voice, audio.Duration));
        Assert.Equal([1, 2, 3], audio.Waveform!);
    }

    [Fact]
    public async Task An_album_arrives_as_one_and_its_parts_know_their_numbers()
    {
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna");
        await anna.ReceiveAsync();
        await using var boris = await OurClient.SignedInAsync(Sandbox, "boris");
        await boris.ReceiveAsync();
        var parts = new List<AlbumPart>();
        for (var i = 0; i < 3; i++)
        {
            var picture = Pictures.Png(100 + i, 100);
            var file = await anna.Client.UploadAsync(new MemoryStream(picture), picture.Length, $"{i}.png", null, Token);
            parts.Add(new AlbumPart(new OutgoingMedia.Photo(file), FormattedText.Plain(i == 0 ? "Three of them" : ""), 100 + i));
        }

        var sent = await anna.Client.SendAlbumAsync(Peer(Seed.Anna, Seed.Boris), parts, Sending(4), Token);

        Message[] received = [await boris.NextMessageAsync(), await boris.NextMessageAsync(), await boris.NextMessageAsync()];
        Assert.NotNull(received[0].GroupedId);
        Assert.All(received, message => Assert.Equal(received[0].GroupedId, message.GroupedId));
        Assert.Equal(["Three of them", "", ""], received.Select(message => message.MessageValue));
        Assert.Equal([100, 101, 102], received.Select(message => ((PhotoSize)((Photo)((MessageMediaPhoto)message.Media!).Photo!).Sizes[0]).W));
        Assert.Equal([100L, 101, 102], sent.Select(part => part.RandomId));
        // Its sender hears of each too, once, through the updates.
        Assert.Equal(sent.Select(part => part.MessageId), [(await anna.NextMessageAsync()).Id, (await anna.NextMessageAsync()).Id, (await anna.NextMessageAsync()).Id]);
    }

    [Fact]
    public async Task A_file_of_another_data_centre_is_fetched_there_and_the_way_is_closed_when_idle()
    {
        var idle = TimeSpan.FromMilliseconds(200);
        await using var gleb = await OurClient.SignedInAsync(Sandbox, "gleb");
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna", sideConnectionIdle: idle);
        await anna.ReceiveAsync();
        Assert.Equal((1, 2), (gleb.Client.Session!.DcId, anna.Client.Session!.DcId));
        var bytes = Pictures.Noise(1_500_000);
        var file = await gleb.Client.UploadAsync(new MemoryStream(bytes), bytes.Length, "far.bin", null, Token);
        await gleb.Client.SendMediaAsync(
            Peer(Seed.Gleb, Seed.Anna), new OutgoingMedia.Document(file, "application/octet-stream", []), FormattedText.Plain(""), Sending(5), Token);
        var message = await anna.NextMessageAsync();

        Assert.Equal(bytes, await FetchAsync(anna, Peer(Seed.Anna, Seed.Gleb), message));
        // A wrong data centre is put right by the server's own word.
        var remote = RemoteFile.Of(Peer(Seed.Anna, Seed.Gleb), message)! with { DcId = 2 };
        using var target = new MemoryStream();
        await anna.Client.DownloadToAsync(remote, target, null, Token);
        Assert.Equal(bytes, target.ToArray());
        Assert.Equal(1, anna.Client.SideConnectionCount);
        // No device of its own appears, and nothing of it is left after a while.
        Assert.Single(Anna.Devices);
        await Eventually.BecomesAsync("no connection at the side is open", _ => Task.FromResult(anna.Client.SideConnectionCount), count => count == 0);
        Assert.Empty(Sandbox.Faults.Violations);
    }

    [Fact]
    public async Task An_expired_reference_is_renewed_from_the_message()
    {
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna");
        await using var boris = await OurClient.SignedInAsync(Sandbox, "boris");
        await boris.ReceiveAsync();
        var bytes = Pictures.Noise(1_200_000);
        var file = await anna.Client.UploadAsync(new MemoryStream(bytes), bytes.Length, "old.bin", null, Token);
        await anna.Client.SendMediaAsync(
            Peer(Seed.Anna, Seed.Boris), new OutgoingMedia.Document(file, "application/octet-stream", []), FormattedText.Plain(""), Sending(6), Token);
        var message = await boris.NextMessageAsync();
        var remote = RemoteFile.Of(Peer(Seed.Boris, Seed.Anna), message)!;

        Sandbox.Faults.Add(new Fault { Kind = FaultKind.RpcError, Method = "upload.getFile", Code = 400, Error = "FILE_REFERENCE_EXPIRED", Times = 1 });
        using var target = new MemoryStream();
        await boris.Client.DownloadToAsync(remote, target, null, Token);
        Assert.Equal(bytes, target.ToArray());

        // When the message itself is gone, so is the file.
        await anna.Client.DeleteMessagesAsync(Peer(Seed.Anna, Seed.Boris), [Anna.Messages(PeerRef.User(Seed.Boris))[^1].Id], forEverybody: true, Token);
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.RpcError, Method = "upload.getFile", Code = 400, Error = "FILE_REFERENCE_EXPIRED", Times = 1 });
        var refused = await Assert.ThrowsAsync<RpcException>(() => boris.Client.DownloadToAsync(remote, Stream.Null, null, Token));
        Assert.Equal("FILE_REFERENCE_EXPIRED", refused.Name);
    }

    [Fact]
    public async Task A_hundred_megabytes_pass_through_a_few_of_memory()
    {
        const long Size = 100_000_000;
        // Of both clients and the server together: parts under way on three sides, and the pools that they come from.
        const long Bound = 48_000_000;
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna");
        await using var boris = await OurClient.SignedInAsync(Sandbox, "boris");
        await boris.ReceiveAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        long most = 0;
        var watch = new Watch(() => most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before));

        var file = await anna.Client.UploadAsync(new Zeros(Size), Size, "large.bin", watch, Token);
        await anna.Client.SendMediaAsync(
            Peer(Seed.Anna, Seed.Boris), new OutgoingMedia.Document(file, "application/octet-stream", []), FormattedText.Plain(""), Sending(7), Token);
        var remote = RemoteFile.Of(Peer(Seed.Boris, Seed.Anna), await boris.NextMessageAsync())!;
        long fetched = 0;
        await foreach (var part in boris.Client.DownloadAsync(remote, 0, watch, Token))
            fetched += part.Length;

        Assert.Equal(Size, fetched);
        Assert.InRange(most, 0, Bound);
    }

    [Fact]
    public async Task Whoever_stops_reading_leaves_no_call_behind()
    {
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna");
        await anna.ReceiveAsync();
        var bytes = Pictures.Noise(2_000_000);
        var file = await anna.Client.UploadAsync(new MemoryStream(bytes), bytes.Length, "mine.bin", null, Token);
        await anna.Client.SendMediaAsync(
            Peer(Seed.Anna, Seed.Anna), new OutgoingMedia.Document(file, "application/octet-stream", []), FormattedText.Plain(""), Sending(8), Token);
        var remote = RemoteFile.Of(Peer(Seed.Anna, Seed.Anna), await anna.NextMessageAsync())!;

        await foreach (var part in anna.Client.DownloadAsync(remote, 4096, null, Token))
        {
            Assert.Equal(bytes[4096..(4096 + part.Length)], part.ToArray());
            break;
        }

        using var rest = new MemoryStream();
        await anna.Client.DownloadToAsync(remote, rest, null, Token);
        Assert.Equal(bytes, rest.ToArray());
    }

    [Fact]
    public async Task What_is_no_picture_is_refused_as_a_photo_and_a_short_stream_before_it_is_sent()
    {
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna");
        var file = await anna.Client.UploadAsync(new MemoryStream(Pictures.Noise(100)), 100, "noise.png", null, Token);
        var refused = await Assert.ThrowsAsync<RpcException>(() => anna.Client.SendMediaAsync(
            Peer(Seed.Anna, Seed.Boris), new OutgoingMedia.Photo(file), FormattedText.Plain(""), Sending(9), Token));
        Assert.Equal("IMAGE_PROCESS_FAILED", refused.Name);

        await Assert.ThrowsAsync<EndOfStreamException>(() => anna.Client.UploadAsync(new MemoryStream(new byte[10]), 11, "short", null, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => anna.Client.UploadAsync(new MemoryStream(), 0, "empty", null, Token));
    }

    private static SendOptions Sending(long randomId) => new() { RandomId = randomId };

    private PeerAddress Peer(long viewer, long person) =>
        new(new PeerKey(PeerKind.User, person), Sandbox.World.AccessHash(viewer, PeerRef.User(person)));

    private static async Task<byte[]> FetchAsync(OurClient client, PeerAddress peer, Message message)
    {
        using var target = new MemoryStream();
        await client.Client.DownloadToAsync(RemoteFile.Of(peer, message)!, target, null, Token);
        return target.ToArray();
    }

    private sealed class Told(List<long> values) : IProgress<long>
    {
        public void Report(long value)
        {
            lock (values)
                values.Add(value);
        }
    }

    /// <summary>Looks at every twentieth step, for looking costs a collection.</summary>
    private sealed class Watch(Action look) : IProgress<long>
    {
        private int _steps;

        public void Report(long value)
        {
            if (Interlocked.Increment(ref _steps) % 20 == 0)
                look();
        }
    }

    private sealed class Zeros(long length) : Stream
    {
        private long _left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = (int)Math.Min(count, _left);
            buffer.AsSpan(offset, read).Clear();
            _left -= read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

/// <summary>The tests of this collection run while no other does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneTests
{
    public const string Name = "alone";
}
