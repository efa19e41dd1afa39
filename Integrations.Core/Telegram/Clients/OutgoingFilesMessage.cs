using Integrations.Core.Telegram.Media;

namespace Integrations.Core.Telegram.Clients;

/// <summary>One file to be sent.</summary>
/// <param name="Open">Gives its content from the beginning; read once and disposed of.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Duration">In seconds.</param>
/// <param name="Caption">0 to 1024 characters.</param>
/// <param name="RandomId">As <see cref="OutgoingText.RandomId"/>.</param>
public sealed record OutgoingFilePart(
    Func<CancellationToken, Task<Stream>> Open,
    MediaKind Kind,
    long Size,
    string FileName,
    string MimeType,
    int? Width,
    int? Height,
    int? Duration,
    bool Spoiler,
    string Caption,
    long RandomId);

/// <summary>One file, or 2 to 10 that are shown together.</summary>
/// <param name="Peer">Where to.</param>
/// <param name="ReplyToMessageId">A message in the same place.</param>
public sealed record OutgoingFilesMessage(PeerAddress Peer, IReadOnlyList<OutgoingFilePart> Parts, int? ReplyToMessageId);
