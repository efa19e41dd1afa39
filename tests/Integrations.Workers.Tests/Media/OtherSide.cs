using Integrations.Mtproto;
using Integrations.Mtproto.Files;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Text;

namespace Integrations.Workers.Tests.Media;

/// <summary>A person of the simulated Telegram with a client of his own, who sends more than texts.</summary>
internal sealed class OtherSide : IAsyncDisposable
{
    private static long _random = 7_000;
    private readonly TelegramClient _client;

    private OtherSide(TelegramServers servers) => _client = new TelegramClient(new TelegramClientOptions
    {
        Servers = servers,
        ApiId = 4242,
        ApiHash = "hash",
        Device = new TelegramDevice { Model = "The other side", SystemVersion = "1", AppVersion = "1" },
        SaveSession = (_, _) => Task.CompletedTask,
        FindAccessHash = (_, _) => ValueTask.FromResult<long?>(null),
    });

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<OtherSide> SignInAsync(TelegramServers servers, string phone, string code, string? password)
    {
        var side = new OtherSide(servers);
        await side._client.ConnectAsync(Token);
        var sent = await side._client.SendCodeAsync(phone, Token);
        if (await side._client.SignInAsync(phone, sent.PhoneCodeHash, code, Token) is not LoginStep.Done)
            await side._client.CheckPasswordAsync(password!, Token);
        return side;
    }

    public async Task<PeerAddress> FindAsync(string username)
    {
        var found = await _client.ResolveUsernameAsync(username, Token);
        return new(PeerKey.Of(found.Peer), found.Users.OfType<User>().Select(user => user.AccessHash).Concat(found.Chats.OfType<Channel>().Select(chat => chat.AccessHash)).First());
    }

    /// <param name="topic">Where <paramref name="to"/> is a forum.</param>
    public Task<int> SendPhotoAsync(PeerAddress to, byte[] picture, string caption, int? topic = null) =>
        SendAsync(to, picture, "picture.png", file => new OutgoingMedia.Photo(file), caption, topic);

    /// <param name="topic">Where <paramref name="to"/> is a forum.</param>
    public Task<int> SendVoiceAsync(PeerAddress to, byte[] voice, int? topic = null) =>
        SendAsync(to, voice, "voice.ogg", file => new OutgoingMedia.Voice(file, TimeSpan.FromSeconds(3)), "", topic);

    public Task<int> SendDocumentAsync(PeerAddress to, byte[] content, string name, string type, params DocumentAttribute[] attributes) =>
        SendAsync(to, content, name, file => new OutgoingMedia.Document(file, type, attributes), "", null);

    public Task SendAlbumAsync(PeerAddress to, string caption, params byte[][] pictures) => SendAlbumToAsync(to, null, caption, pictures);

    public async Task SendAlbumToAsync(PeerAddress to, int? topic, string caption, params byte[][] pictures)
    {
        List<AlbumPart> parts = [];
        foreach (var picture in pictures)
        {
            var file = await _client.UploadAsync(new MemoryStream(picture), picture.Length, "part.png", null, Token);
            parts.Add(new AlbumPart(new OutgoingMedia.Photo(file), FormattedText.Plain(parts.Count == 0 ? caption : ""), Interlocked.Increment(ref _random)));
        }

        await _client.SendAlbumAsync(to, parts, Sending() with { TopicId = topic }, Token);
    }

    public async Task<int> SendTextAsync(PeerAddress to, string text, int? replyTo = null) =>
        (await _client.SendTextAsync(to, FormattedText.Plain(text), Sending() with { ReplyTo = replyTo }, Token)).MessageId;

    public Task EditAsync(PeerAddress peer, int message, string text) => _client.EditTextAsync(peer, message, FormattedText.Plain(text), Token);

    public Task DeleteAsync(PeerAddress peer, params int[] messages) => _client.DeleteMessagesAsync(peer, messages, forEverybody: true, Token);

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private static SendOptions Sending() => new() { RandomId = Interlocked.Increment(ref _random) };

    private async Task<int> SendAsync(PeerAddress to, byte[] content, string name, Func<UploadedFile, OutgoingMedia> media, string caption, int? topic)
    {
        var file = await _client.UploadAsync(new MemoryStream(content), content.Length, name, null, Token);
        return (await _client.SendMediaAsync(to, media(file), FormattedText.Plain(caption), Sending() with { TopicId = topic }, Token)).MessageId;
    }
}
