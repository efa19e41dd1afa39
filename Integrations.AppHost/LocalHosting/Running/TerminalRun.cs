using System.Runtime.InteropServices;
using Aspire.Hosting;
using Integrations.AppHost.LocalHosting.Data;
using Microsoft.Extensions.DependencyInjection;

namespace Integrations.AppHost.LocalHosting.Running;

/// <summary>Runs the application as the program that the user started.</summary>
internal static class TerminalRun
{
    /// <summary>A second request to end that comes later than this after the first means: now.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(DistributedApplication app, LocalApplication local, CancellationToken cancellationToken)
    {
        await using (app)
        {
            using var stopping = new CancellationTokenSource();
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token, cancellationToken);
            var askedAt = 0L;
            void Handle(PosixSignalContext context)
            {
                context.Cancel = true;
                // One Ctrl-C may arrive twice, from the terminal and from a parent that passes it on.
                if (stopping.IsCancellationRequested && local.Time.GetElapsedTime(askedAt) > Patience)
                {
                    Console.Error.WriteLine("Stopping without waiting.");
                    local.KillAll();
                }

                askedAt = local.Time.GetTimestamp();
                stopping.Cancel();
            }

            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle);
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle);
            using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, Handle);
            using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Handle);
            app.Services.GetRequiredService<HostLog>().Echo = true;
            try
            {
                await app.StartAsync(either.Token);
                await new AddressList(local).PrintWhenReadyAsync(Console.Out, either.Token);
                await Task.Delay(Timeout.InfiniteTimeSpan, local.Time, either.Token);
            }
            catch (StartRefusedException e)
            {
                await Console.Error.WriteLineAsync(e.Message);
                Environment.ExitCode = e.ExitCode;
                return;
            }
            catch (OperationCanceledException) when (either.IsCancellationRequested)
            {
                await Console.Out.WriteLineAsync("Stopping …");
            }

            await app.StopAsync(CancellationToken.None);
        }
    }
}
