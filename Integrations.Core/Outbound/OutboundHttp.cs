using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Integrations.Core.Outbound;

/// <summary>Looks up all addresses of a name. What it answers may differ each time.</summary>
public delegate Task<IPAddress[]> ResolveHost(string host, CancellationToken cancellationToken);

/// <summary>Opens a connection to one address.</summary>
internal delegate Task<Stream> Connect(IPEndPoint address, CancellationToken cancellationToken);

/// <summary>A request that a user's setting led to was not made, or its answer not read; the message may be shown to the user.</summary>
public sealed class OutboundRefusedException(string message, Exception? inner = null) : HttpRequestException(message, inner);

/// <summary>
/// Makes the handlers of every HTTP client whose addresses users set (webhooks, connectors), so that nobody reaches what stands behind
/// this service by it.
/// </summary>
/// <remarks>
/// The name is looked up once for each connection, all its addresses are checked, and the connection goes to one that was checked: a name
/// that changes its answer in between gains nothing. Redirects are handed back and not followed, no proxy of the environment is used, cookies
/// and compression are off, and HTTP/3 is not spoken, because it would connect by a way of its own.
/// </remarks>
public sealed class OutboundHttp
{
    private readonly OutboundOptions _options;
    private readonly OutboundAddresses _addresses;
    private readonly Connect _connect;

    public OutboundHttp(IOptions<OutboundOptions> options, ResolveHost resolve)
        : this(options, resolve, ConnectAsync)
    {
    }

    internal OutboundHttp(IOptions<OutboundOptions> options, ResolveHost resolve, Connect connect)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _addresses, _connect) = (options.Value, new OutboundAddresses(options, resolve), connect);
    }

    /// <summary>A handler to be kept and shared: it has a pool of connections. Refusals are <see cref="OutboundRefusedException"/>.</summary>
    /// <remarks>An answer is read whole before it is handed over; one that is too long or too slow is refused.</remarks>
    public HttpMessageHandler CreateHandler() => Create(whole: true);

    /// <summary>The same for answers that are read as they come: their size and their time are the caller's to bound.</summary>
    public HttpMessageHandler CreateStreamHandler() => Create(whole: false);

    private Guard Create(bool whole) => new(_options, whole)
    {
        InnerHandler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxResponseHeadersLength = 32,
            // A name that moved is followed soon.
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            ConnectCallback = async (context, cancellationToken) => await OpenAsync(context.DnsEndPoint, cancellationToken),
        },
    };

    private async Task<Stream> OpenAsync(DnsEndPoint endPoint, CancellationToken cancellationToken)
    {
        var addresses = await _addresses.FindAsync(endPoint.Host, cancellationToken);
        SocketException? last = null;
        foreach (var address in addresses)
        {
            try
            {
                return await _connect(new IPEndPoint(address, endPoint.Port), cancellationToken);
            }
            catch (SocketException e)
            {
                last = e;
            }
        }

        throw new HttpRequestException(HttpRequestError.ConnectionError, $"{endPoint.Host} does not answer.", last);
    }

    private static async Task<Stream> ConnectAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Checks each request's address and, where answers are read whole, bounds them in time and size.</summary>
    private sealed class Guard(OutboundOptions options, bool whole) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri is not { } url || UserUrl.ProblemOf(url, options) is not null)
                throw new OutboundRefusedException("The address is not one that may be asked.");

            request.Version = HttpVersion.Version11;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (whole)
                limit.CancelAfter(options.Timeout);
            try
            {
                var response = await base.SendAsync(request, limit.Token);
                if (!whole)
                    return response;
                try
                {
                    await ReadAsync(response, limit.Token);
                    return response;
                }
                catch
                {
                    response.Dispose();
                    throw;
                }
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                throw new OutboundRefusedException($"{url.Host} did not answer within {options.Timeout.TotalSeconds:0.#} s.", e);
            }
            catch (HttpRequestException e) when (e.InnerException is OutboundRefusedException refused)
            {
                // The handler below wraps what the connection says.
                throw new OutboundRefusedException(refused.Message, e);
            }
        }

        private async Task ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
        {
            using var whole = new MemoryStream();
            await using (var body = await response.Content.ReadAsStreamAsync(cancellationToken))
            {
                var buffer = new byte[16 * 1024];
                while (await body.ReadAsync(buffer, cancellationToken) is > 0 and var count)
                {
                    if (whole.Length + count > options.MaxAnswer)
                        throw new OutboundRefusedException($"The answer is longer than {options.MaxAnswer} bytes.");
                    whole.Write(buffer, 0, count);
                }
            }

            var content = new ByteArrayContent(whole.ToArray());
            foreach (var (name, values) in response.Content.Headers)
                content.Headers.TryAddWithoutValidation(name, values);
            response.Content.Dispose();
            response.Content = content;
        }
    }
}

/// <summary>Registers <see cref="OutboundHttp"/>.</summary>
public static class OutboundHosting
{
    /// <summary>Settings: <c>Outbound:*</c>.</summary>
    public static TBuilder AddOutbound<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.AddOptions<OutboundOptions>().BindConfiguration(OutboundOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<OutboundOptions>, OutboundValidation>());
        services.TryAddSingleton<ResolveHost>(Dns.GetHostAddressesAsync);
        services.TryAddSingleton<OutboundAddresses>();
        services.TryAddSingleton<OutboundHttp>();
        return builder;
    }
}
