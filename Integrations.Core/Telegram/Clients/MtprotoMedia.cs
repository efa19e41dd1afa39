using System.Globalization;
using Integrations.Core.Telegram.Media;
using Integrations.Mtproto.Schema;

namespace Integrations.Core.Telegram.Clients;

/// <summary>What stands in a message beside its words, from the library's words into the product's.</summary>
internal static class MtprotoMedia
{
    /// <summary>Null where there is no file, or none any more.</summary>
    public static TelegramMedia? FileOf(MessageMedia? media) => media switch
    {
        MessageMediaPhoto { Photo: Photo photo } => OfPhoto(photo),
        MessageMediaDocument { Document: Document document } => OfDocument(document),
        _ => null,
    };

    /// <summary>What is no file, in words; null for what has none to say: a text with a preview of its link, or no media at all.</summary>
    public static string? WordsOf(MessageMedia? media) => media switch
    {
        null or MessageMediaEmpty or MessageMediaWebPage => null,
        // A picture that was to be looked at once, or that is gone.
        MessageMediaPhoto { Photo: not Photo } => Spoken.Say("photo"),
        MessageMediaDocument { Document: not Document } => Spoken.Say("document"),
        MessageMediaPhoto or MessageMediaDocument => null,
        MessageMediaContact contact => Spoken.Contact(contact.FirstName, contact.LastName, contact.PhoneNumber),
        MessageMediaVenue { Geo: GeoPoint point } venue => Spoken.Venue(venue.Title, venue.Address, point.Lat, point.Long),
        MessageMediaGeo { Geo: GeoPoint point } => Spoken.Location(point.Lat, point.Long),
        MessageMediaGeoLive { Geo: GeoPoint point } => Spoken.Location(point.Lat, point.Long),
        MessageMediaPoll poll => Spoken.Poll(poll.Poll.Question.Text, poll.Poll.Answers.OfType<PollAnswer>().Select(answer => answer.Text.Text)),
        MessageMediaDice dice => Spoken.Dice(dice.Emoticon, dice.Value),
        MessageMediaGame game => Spoken.Say("game", game.Game.Title),
        MessageMediaInvoice invoice => Spoken.Say("invoice", invoice.Title),
        MessageMediaToDo list => Spoken.Say("checklist", list.Todo.Title.Text),
        MessageMediaStory => Spoken.Say("story"),
        MessageMediaGiveaway => Spoken.Say("giveaway"),
        MessageMediaPaidMedia => Spoken.Say("paid_media"),
        _ => Spoken.Say("media"),
    };

    private static TelegramMedia OfPhoto(Photo photo)
    {
        var (size, width, height) = photo.Sizes
            .Select(size => size switch
            {
                PhotoSize plain => (plain.Size, plain.W, plain.H),
                PhotoSizeProgressive progressive => (progressive.Sizes.DefaultIfEmpty(0).Max(), progressive.W, progressive.H),
                _ => default,
            })
            .MaxBy(size => size.Item1);
        return new(Key(photo.Id), new MediaTraits(MediaKind.Photo, null, "image/jpeg", size, width, height, null));
    }

    private static TelegramMedia OfDocument(Document document)
    {
        var video = document.Attributes.OfType<DocumentAttributeVideo>().FirstOrDefault();
        var audio = document.Attributes.OfType<DocumentAttributeAudio>().FirstOrDefault();
        var image = document.Attributes.OfType<DocumentAttributeImageSize>().FirstOrDefault();
        var kind = document.Attributes.Any(attribute => attribute is DocumentAttributeSticker) ? MediaKind.Sticker
            : document.Attributes.Any(attribute => attribute is DocumentAttributeAnimated) ? MediaKind.Animation
            : video is not null ? video.RoundMessage ? MediaKind.VideoNote : MediaKind.Video
            : audio is not null ? audio.Voice ? MediaKind.Voice : MediaKind.Audio
            : MediaKind.Document;
        return new(
            Key(document.Id),
            new MediaTraits(
                kind,
                document.Attributes.OfType<DocumentAttributeFilename>().FirstOrDefault()?.FileName,
                document.MimeType,
                document.Size,
                video?.W ?? image?.W,
                video?.H ?? image?.H,
                video is not null ? (int)Math.Round(Math.Clamp(video.Duration, 0, int.MaxValue)) : audio?.Duration));
    }

    private static string Key(long id) => id.ToString(CultureInfo.InvariantCulture);
}
