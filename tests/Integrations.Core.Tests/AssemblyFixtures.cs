using System.Runtime.Versioning;
using Integrations.Testing;

[assembly: AssemblyFixture(typeof(Servers))]
// The servers are Debian's; file modes are among what is tested.
[assembly: SupportedOSPlatform("linux")]
