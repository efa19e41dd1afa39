using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Integrations.Sandbox.Telegram;

namespace Integrations.Sandbox.Tests.Telethon;

/// <summary>A Telethon client in a process of its own, spoken to by lines of JSON.</summary>
internal sealed class Journey : IAsyncDisposable
{
    /// <summary>Debian's python3, which has python3-telethon; another one on the path may not.</summary>
    private const string Python = "/usr/bin/python3";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _keyFile;
    private readonly StringBuilder _errors = new();
    private readonly List<JsonNode> _heard = [];

    private Journey(Process process, string keyFile)
    {
        _process = process;
        _keyFile = keyFile;
    }

    /// <param name="session">A string session to go on with, for the login <c>none</c>.</param>
    public static Journey Start(SandboxTelegram sandbox, string login, string transport, string? username = null, string? session = null)
    {
        var keyFile = Path.GetTempFileName();
        File.WriteAllText(keyFile, sandbox.PublicKeyPem);
        var start = new ProcessStartInfo(Python)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        var dc = sandbox.Dcs.Single(dc => dc.Id == SandboxTelegram.MainDc);
        Add(Path.Combine(AppContext.BaseDirectory, "Telethon", "journey.py"));
        Add("--login", login, "--transport", transport, "--key", keyFile);
        Add("--dc", dc.Id.ToString(CultureInfo.InvariantCulture), "--port", dc.Port.ToString(CultureInfo.InvariantCulture));
        if (session is not null)
            Add("--session", session);
        if (username is not null)
        {
            var person = sandbox.PhoneOf(username).Owner;
            Add("--phone", person.Phone, "--code", person.Code, "--password", person.Password ?? "");
        }
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{Python} did not start.");
        var journey = new Journey(process, keyFile);
        process.ErrorDataReceived += (_, line) =>
        {
            lock (journey._errors)
                journey._errors.AppendLine(line.Data);
        };
        process.BeginErrorReadLine();
        return journey;

        void Add(params string[] arguments)
        {
            foreach (var argument in arguments)
                start.ArgumentList.Add(argument);
        }
    }

    /// <summary>Waits for something that the client tells.</summary>
    public async Task<JsonNode> HearAsync(string name)
    {
        while (true)
        {
            var index = _heard.FindIndex(node => (string?)node["event"] == name);
            if (index >= 0)
            {
                var found = _heard[index];
                _heard.RemoveAt(index);
                return found;
            }
            _heard.Add(await ReadAsync(name));
        }
    }

    public async Task OrderAsync(object order)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(order).AsMemory(), TestContext.Current.CancellationToken);
        await _process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits until the client has ended by itself, without an error.</summary>
    public async Task EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline, TestContext.Current.CancellationToken);
        Assert.True(_process.ExitCode == 0, Trouble("ended with an error"));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
        File.Delete(_keyFile);
    }

    private async Task<JsonNode> ReadAsync(string wanted)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Deadline);
        try
        {
            var line = await _process.StandardOutput.ReadLineAsync(deadline.Token);
            return line is null ? throw new InvalidOperationException(Trouble($"ended before '{wanted}'")) : JsonNode.Parse(line)!;
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested)
        {
            throw new TimeoutException(Trouble($"did not tell '{wanted}' within {Deadline}"), e);
        }
    }

    private string Trouble(string what)
    {
        lock (_errors)
            return $"Telethon {what}. It told: {string.Join(", ", _heard.Select(node => node.ToJsonString()))}. Its errors: {_errors}";
    }
}
