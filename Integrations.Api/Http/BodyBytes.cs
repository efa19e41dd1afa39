using System.Buffers;
using Integrations.Core.Errors;

namespace Integrations.Api.Http;

/// <summary>A request body as bytes, of bounded size.</summary>
internal static class BodyBytes
{
    /// <exception cref="IntegrationException">BODY_TOO_LARGE.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        if (request.ContentLength > maxBytes)
            throw new IntegrationException(ErrorCodes.BodyTooLarge);

        while (true)
        {
            var result = await request.BodyReader.ReadAsync(cancellationToken);
            if (result.Buffer.Length > maxBytes)
            {
                // Given back first: the server reads the rest itself, so that the caller gets the answer.
                request.BodyReader.AdvanceTo(result.Buffer.End);
                throw new IntegrationException(ErrorCodes.BodyTooLarge);
            }

            if (result.IsCompleted)
            {
                var bytes = result.Buffer.ToArray();
                request.BodyReader.AdvanceTo(result.Buffer.End);
                return bytes;
            }

            request.BodyReader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }
}
