namespace Integrations.AppHost.Tests.Lifecycle;

/// <summary>Data directories of one test, deleted at its end.</summary>
internal sealed class TemporaryData : IDisposable
{
    private readonly DirectoryInfo _parent = Directory.CreateTempSubdirectory("integrations-lifecycle-");
    private int _count;

    /// <summary>A path at which there is nothing yet.</summary>
    public string New() => Path.Combine(_parent.FullName, $"data{++_count}");

    public void Dispose() => _parent.Delete(recursive: true);
}
