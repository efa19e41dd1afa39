namespace Aspire.Hosting.ApplicationModel;

/// <summary>A resource that is being described.</summary>
public interface IResourceBuilder<out T>
    where T : IResource
{
    IDistributedApplicationBuilder ApplicationBuilder { get; }

    T Resource { get; }
}
