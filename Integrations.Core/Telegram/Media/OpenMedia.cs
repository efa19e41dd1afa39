using Integrations.Core.Errors;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Media;

/// <summary>A file and its content, from any place of it.</summary>
public sealed record OpenedMedia(MediaFile File, Stream Content);

/// <summary>The content of a file: for whoever reads the message that has it, and for whoever uploaded it.</summary>
public sealed class OpenMedia(TenantDatabase database, MediaStore store)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);

    /// <exception cref="IntegrationException">NOT_FOUND; MEDIA_NOT_READY, MEDIA_UNAVAILABLE or MEDIA_TOO_BIG where there is no content.</exception>
    public async Task<OpenedMedia> ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        var file = await database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var messages = FindMessage.Of(transaction, principal);
                return await transaction.Db.Media.AsNoTracking()
                    .SingleOrDefaultAsync(media => media.Id == id && (media.UserId == principal.UserId || messages.Any(message => message.MediaId == media.Id)), cancellationToken);
            },
            cancellationToken) ?? throw new IntegrationException(ErrorCodes.NotFound);

        switch (file.State)
        {
            case MediaState.Waiting:
                throw new IntegrationException(ErrorCodes.MediaNotReady, retryAfter: AskAgain);
            case MediaState.TooBig:
                throw new IntegrationException(ErrorCodes.MediaTooBig);
            case MediaState.Failed:
                throw new IntegrationException(ErrorCodes.MediaUnavailable);
            default:
                return new(file, await store.OpenAsync(principal.Tenant, id, cancellationToken) ?? throw new IntegrationException(ErrorCodes.NotFound));
        }
    }
}
