using System.Runtime.Versioning;
using Integrations.Testing;

[assembly: AssemblyFixture(typeof(Servers))]
// The servers are Debian's, and key files have modes.
[assembly: SupportedOSPlatform("linux")]
