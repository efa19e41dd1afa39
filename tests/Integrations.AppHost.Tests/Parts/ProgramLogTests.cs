using Integrations.AppHost.LocalHosting.Data;
using Integrations.AppHost.LocalHosting.Processes;
using Integrations.Testing;

namespace Integrations.AppHost.Tests.Parts;

public sealed class ProgramLogTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("integrations-log-");
    private readonly TestClock _clock = new();

    private string Path => System.IO.Path.Combine(_directory.FullName, "program.log");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Lines_of_an_earlier_run_are_read_back_with_their_times()
    {
        using (var earlier = Open())
        {
            earlier.Append("first");
            _clock.Advance(TimeSpan.FromSeconds(1.5));
            earlier.Append("second");
        }

        using var later = Open();
        later.Append("third");
        var (lines, _) = later.After(0);

        Assert.Equal(["first", "second", "third"], lines.Select(line => line.Text));
        Assert.Equal(TimeSpan.FromSeconds(1.5), lines[1].At - lines[0].At);
        Assert.Equal([2L, 3L], later.After(1).Lines.Select(line => line.Number));
    }

    [Fact]
    public void What_is_kept_is_bounded_in_memory_and_on_disk()
    {
        using var log = Open();
        var line = new string('x', 1000);
        for (var i = 0; i < 12_000; i++)
        {
            log.Append(line);
        }

        Assert.Equal(ProgramLog.KeptLines, log.After(0).Lines.Count);
        Assert.Equal(["program.log", "program.log.1"], _directory.GetFiles().Select(file => file.Name).Order());
        Assert.True(_directory.GetFiles().Sum(f => f.Length) < 2 * ProgramLog.FileSize + 10_000);
    }

    [Fact]
    public async Task A_reader_is_woken_by_the_next_line()
    {
        using var log = Open();
        var (_, more) = log.After(0);
        Assert.False(more.IsCompleted);
        log.Append("news");

        await more.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Output_without_line_ends_is_cut()
    {
        var lines = new List<string>();
        using var output = new StringReader(new string('a', LineReader.MaxLength + 10) + "\r\nnext\nlast");
        await LineReader.PumpAsync(output, lines.Add);

        Assert.Equal([LineReader.MaxLength, 10, 4, 4], lines.Select(line => line.Length));
    }

    private ProgramLog Open() => new(Path, text => text, _clock);
}
