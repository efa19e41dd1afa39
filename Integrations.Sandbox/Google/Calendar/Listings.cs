using System.Globalization;
using System.Text.Json.Nodes;
using Integrations.Mtproto.Crypto;

namespace Integrations.Sandbox.Google.Calendar;

/// <summary>A list as it was when its first page was asked for, so that a change between two pages neither hides nor repeats anything.</summary>
/// <param name="Envelope">What stands beside the items.</param>
/// <param name="Next">Told on the last page; null where the query does not synchronise.</param>
internal sealed record Listing(string Operation, string Owner, JsonObject Envelope, IReadOnlyList<JsonObject> Items, SyncToken? Next);

/// <summary>Lists that are being read page by page. The oldest are forgotten first.</summary>
internal sealed class Listings(IRandomSource random)
{
    private const int Kept = 100;

    private readonly Dictionary<string, Listing> _listings = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = [];

    public GoogleAnswer First(Listing listing, int size, bool isEmpty) => Page(listing, null, 0, size, isEmpty);

    /// <param name="owner">Whose token asks: nobody reads on in the list of somebody else.</param>
    public GoogleAnswer Next(string pageToken, string operation, string owner, int size, bool isEmpty)
    {
        if (pageToken.Split('.') is not [var id, var offset] || !_listings.TryGetValue(id, out var listing) || listing.Operation != operation || listing.Owner != owner
            || !int.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var from) || from > listing.Items.Count)
        {
            throw GoogleRefusal.Invalid("Invalid page token value.", "pageToken");
        }

        return Page(listing, id, from, size, isEmpty);
    }

    private GoogleAnswer Page(Listing listing, string? id, int from, int size, bool isEmpty)
    {
        var taken = isEmpty ? 0 : Math.Min(size, listing.Items.Count - from);
        var body = listing.Envelope.DeepClone().AsObject();
        if (isEmpty || from + taken < listing.Items.Count)
            body["nextPageToken"] = string.Create(CultureInfo.InvariantCulture, $"{id ?? Keep(listing)}.{from + taken}");
        else if (listing.Next is not null)
            body["nextSyncToken"] = listing.Next.ToString();
        body["items"] = new JsonArray([.. listing.Items.Skip(from).Take(taken).Select(item => item.DeepClone())]);
        return new GoogleAnswer(200, body) { ETag = body["etag"]?.ToString() };
    }

    private string Keep(Listing listing)
    {
        var bytes = new byte[12];
        random.Fill(bytes);
        var id = Convert.ToHexStringLower(bytes);
        _listings.Add(id, listing);
        _order.Enqueue(id);
        if (_order.Count > Kept)
            _listings.Remove(_order.Dequeue());
        return id;
    }
}
