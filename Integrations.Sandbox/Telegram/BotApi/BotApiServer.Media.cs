using System.Text.Json;
using System.Text.Json.Nodes;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>Files and albums, sent and fetched.</summary>
internal sealed partial class BotApiServer
{
    private const int AlbumMin = 2;
    private const int AlbumMax = 10;

    /// <summary>The file of a path that <c>getFile</c> told.</summary>
    /// <exception cref="BotApiRefusal">Nobody's token, or no such file.</exception>
    public WorldFile FileAt(string token, string path)
    {
        if (_world.FindBot(token) is null)
            throw new BotApiRefusal(401, "Unauthorized");
        return BotMedia.Find(_world, path) ?? throw new BotApiRefusal(404, "Not Found");
    }

    public Stream Open(WorldFile file) => _world.Files.Open(file.Id);

    private async Task<JsonNode> SendFileAsync(BotCall call, FileKind kind, string name, CancellationToken cancellationToken)
    {
        var draft = Addressed(call, Chat(call));
        var caption = BotText.Read(call.Request, "caption");
        var file = await _files.TakeAsync(call, kind, name, call.Request, cancellationToken);
        return Send(call, draft with { Text = caption.Text, Entities = caption.Entities, FileId = file.Id });
    }

    private async Task<JsonNode> SendAlbumAsync(BotCall call, CancellationToken cancellationToken)
    {
        var address = Addressed(call, Chat(call)) with { Keyboard = null };
        if (call.Request.Json("media") is not { ValueKind: JsonValueKind.Array } media)
            throw BotApiRefusal.BadRequest("can't parse media JSON object");
        var items = media.EnumerateArray().Select(item => (Kind: KindOf(item, inAlbum: true), Fields: BotApiRequest.From(item))).ToList();
        if (items.Count is < AlbumMin or > AlbumMax)
            throw BotApiRefusal.BadRequest(items.Count > AlbumMax ? "too many messages to send as an album" : "there are too few messages to send as an album");
        foreach (var alone in new[] { FileKind.Document, FileKind.Audio })
        {
            if (items.Exists(item => item.Kind == alone) && items.Exists(item => item.Kind != alone))
                throw BotApiRefusal.BadRequest($"{(alone is FileKind.Audio ? "audio" : "document")} can't be mixed with other media types");
        }

        var album = _world.NewFileId();
        var drafts = new List<Draft>();
        foreach (var (kind, fields) in items)
        {
            var caption = BotText.Read(fields, "caption");
            var file = await _files.TakeAsync(call, kind, "media", fields, cancellationToken);
            drafts.Add(address with { Text = caption.Text, Entities = caption.Entities, FileId = file.Id, GroupedId = album });
        }

        _limits.Take(call.Person.Id, address.Peer, drafts.Count);
        var box = BoxOf(call.Person, address.Peer);
        return new JsonArray([.. _world.SendAll(call.Person.Id, drafts, null).Select(sent => (JsonNode)View(call).Message(sent.Message, box))]);
    }

    private async Task<JsonNode> EditMediaAsync(BotCall call, CancellationToken cancellationToken)
    {
        var peer = Visible(call, Chat(call));
        var id = RequireMessageId(call);
        if (call.Request.Json("media") is not { ValueKind: JsonValueKind.Object } media)
            throw BotApiRefusal.BadRequest("can't parse media JSON object");
        var fields = BotApiRequest.From(media);
        var caption = BotText.Read(fields, "caption");
        var file = await _files.TakeAsync(call, KindOf(media, inAlbum: false), "media", fields, cancellationToken);
        var change = new MessageChange(caption.Text, caption.Entities, file.Id, BotKeyboards.Read(call.Request));
        return View(call).Message(_world.Edit(call.Person.Id, peer, id, change, null).Message, BoxOf(call.Person, peer));
    }

    private JsonObject GetFile(BotCall call)
    {
        var given = call.Request.Required("file_id", "file_id not specified");
        var file = BotFileId.Find(_world, call.Person.Id, given) ?? throw BotApiRefusal.BadRequest("wrong file_id or the file is temporarily unavailable");
        return file.Size <= BotFiles.DownloadMax
            ? new BotMedia(_world, call.Person.Id).File(file)
            : throw BotApiRefusal.BadRequest("file is too big");
    }

    private static FileKind KindOf(JsonElement media, bool inAlbum)
    {
        var type = media.ValueKind is JsonValueKind.Object && media.TryGetProperty("type", out var given) ? given.GetString() : null;
        return type switch
        {
            "photo" => FileKind.Photo,
            "video" => FileKind.Video,
            "audio" => FileKind.Audio,
            "document" => FileKind.Document,
            "animation" when !inAlbum => FileKind.Animation,
            _ => throw BotApiRefusal.BadRequest("can't parse InputMedia: invalid type specified"),
        };
    }
}
