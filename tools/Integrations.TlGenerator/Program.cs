using Integrations.TlGenerator;

// Usage:
//   generate SCHEMA_DIR OUTPUT_DIR   write the classes
//   check SCHEMA_DIR OUTPUT_DIR      exit 1 when the written classes are not what the schema gives
//   import JSON TL                   turn a schema of @mtcute/core into TL text
switch (args)
{
    case ["generate", var schema, var output]:
        Generation.Write(Generation.Run(schema), output);
        return 0;
    case ["check", var schema, var output]:
        var stale = Generation.Stale(Generation.Run(schema), output);
        foreach (var file in stale)
            Console.Error.WriteLine($"{Path.Combine(output, file)} is stale; run tools/generate-tl.sh.");
        return stale.Count == 0 ? 0 : 1;
    case ["import", var json, var tl]:
        File.WriteAllText(tl, SchemaImport.Convert(json));
        return 0;
    default:
        Console.Error.WriteLine("usage: generate|check SCHEMA_DIR OUTPUT_DIR, or import JSON TL");
        return 2;
}
