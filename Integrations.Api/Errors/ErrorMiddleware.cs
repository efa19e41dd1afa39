using Integrations.Core.Errors;
using Integrations.Core.Secrets;
using Npgsql;

namespace Integrations.Api.Errors;

/// <summary>Turns every way of failing into one problem document: refusals, unreadable requests, empty error statuses, and bugs.</summary>
internal sealed partial class ErrorMiddleware(RequestDelegate next, ILogger<ErrorMiddleware> logger)
{
    private static readonly TimeSpan RetryLater = TimeSpan.FromSeconds(5);

    /// <summary>It takes a person.</summary>
    private static readonly TimeSpan RetryWhenUnsealed = TimeSpan.FromSeconds(30);

    public async Task InvokeAsync(HttpContext context)
    {
        IntegrationException? refusal;
        try
        {
            await next(context);
            if (context.Response.HasStarted || context.Response.ContentLength > 0 || context.Response.ContentType is not null)
                return;
            refusal = OfStatus(context.Response.StatusCode);
        }
        catch (IntegrationException e)
        {
            refusal = e;
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer. 499 is what access logs commonly call this.
            if (!context.Response.HasStarted)
                context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return;
        }
        catch (BadHttpRequestException e)
        {
            refusal = new(e.StatusCode switch
            {
                StatusCodes.Status413PayloadTooLarge => ErrorCodes.BodyTooLarge,
                StatusCodes.Status408RequestTimeout => ErrorCodes.BodyTooSlow,
                _ => ErrorCodes.BodyInvalid,
            });
        }
        catch (NpgsqlException e) when (e is not PostgresException || e.IsTransient)
        {
            LogDatabaseAway(e);
            refusal = new(ErrorCodes.ServiceUnavailable, "The database does not answer. Repeat the request shortly.", RetryLater);
        }
        catch (SecretUnavailableException e)
        {
            LogSecretUnavailable(e);
            refusal = e.Obstacle switch
            {
                SecretObstacle.Sealed => new(
                    ErrorCodes.SecretsUnavailable, "Vault is sealed: until an operator unseals it, no secret is stored or opened. Repeat the request later.", RetryWhenUnsealed),
                SecretObstacle.Unreachable => new(
                    ErrorCodes.SecretsUnavailable, "Vault cannot be reached: until it answers, no secret is stored or opened. Repeat the request shortly.", RetryLater),
                _ => new(ErrorCodes.SecretsUnavailable, "The key of this secret is gone or cannot be read. Tell an operator of this installation.", RetryWhenUnsealed),
            };
        }
        catch (Exception e)
        {
            LogUnhandled(e, Problems.TraceIdOf(context));
            refusal = new(ErrorCodes.Internal);
        }

        if (refusal is null)
            return;

        if (context.Response.HasStarted)
        {
            // Half an answer is out; cutting the connection is the only way to say that it is not whole.
            context.Abort();
            return;
        }

        await Problems.WriteAsync(context, refusal);
    }

    private static IntegrationException? OfStatus(int status) => status switch
    {
        StatusCodes.Status404NotFound => new(ErrorCodes.NotFound),
        StatusCodes.Status405MethodNotAllowed => new(ErrorCodes.MethodNotAllowed),
        StatusCodes.Status413PayloadTooLarge => new(ErrorCodes.BodyTooLarge),
        StatusCodes.Status415UnsupportedMediaType => new(ErrorCodes.MediaTypeUnsupported),
        StatusCodes.Status400BadRequest => new(ErrorCodes.BodyInvalid),
        StatusCodes.Status401Unauthorized => new(ErrorCodes.Unauthenticated),
        StatusCodes.Status403Forbidden => new(ErrorCodes.Forbidden),
        >= 500 => new(ErrorCodes.Internal),
        _ => null,
    };

    [LoggerMessage(EventId = 3001, Level = LogLevel.Error, Message = "Request failed; trace {TraceId}")]
    private partial void LogUnhandled(Exception exception, string traceId);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Warning, Message = "The database did not answer")]
    private partial void LogDatabaseAway(Exception exception);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Error, Message = "A secret could not be sealed or opened")]
    private partial void LogSecretUnavailable(Exception exception);
}
