using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Integrations.AppHost.Tests.Surface;

/// <summary>Writes the public members of an assembly down, one per line, in a form close to C#.</summary>
internal static class PublicSurface
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(int)] = "int",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
    };

    public static IEnumerable<string> Of(Assembly assembly, string rootNamespace) => assembly.GetExportedTypes()
        .Where(type => type.Namespace is { } name && (name == rootNamespace || name.StartsWith(rootNamespace + ".", StringComparison.Ordinal)))
        .OrderBy(type => type.FullName, StringComparer.Ordinal)
        .SelectMany(Of);

    private static IEnumerable<string> Of(Type type)
    {
        var name = type.FullName!.Split('`')[0];
        yield return $"{Kind(type)} {name}{Generics(type.GetGenericArguments())}";
        // What the compiler adds to a record is Aspire's too when the type there is a record.
        var isRecord = type.GetMethod("<Clone>$") is not null;
        var members = type.GetMembers(Declared).Where(member => !member.IsDefined(typeof(CompilerGeneratedAttribute)) && !isRecord
            || member is PropertyInfo && member.Name != "EqualityContract");
        foreach (var line in members.Select(member => Describe(type, member)).OfType<string>().Order(StringComparer.Ordinal))
        {
            yield return $"  {line}";
        }
    }

    private static string? Describe(Type type, MemberInfo member) => member switch
    {
        ConstructorInfo constructor when IsVisible(constructor) && !type.IsValueType || member is ConstructorInfo { IsPublic: true } =>
            $"ctor({Parameters((ConstructorInfo)member)})",
        PropertyInfo property when property.GetMethod is { } get && IsVisible(get) =>
            $"{TypeName(property.PropertyType)} {property.Name} {{ get;{Setter(property.SetMethod)} }}",
        FieldInfo { IsPublic: true, IsSpecialName: false, IsLiteral: true } constant =>
            $"{constant.Name} = {Convert.ToInt64(constant.GetRawConstantValue(), CultureInfo.InvariantCulture)}",
        FieldInfo { IsPublic: true, IsSpecialName: false } field => $"{TypeName(field.FieldType)} {field.Name}",
        MethodInfo { IsSpecialName: false } method when IsVisible(method) =>
            $"{TypeName(method.ReturnType)} {method.Name}{Generics(method.GetGenericArguments())}({Parameters(method)})",
        _ => null,
    };

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Setter(MethodInfo? set) => set is null || !IsVisible(set)
        ? ""
        : set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? " init;" : " set;";

    private static string Kind(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsInterface: true } => "interface",
        { IsValueType: true } => "struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        _ => "class",
    };

    private static string Generics(Type[] arguments) => arguments.Length == 0 ? "" : $"<{string.Join(", ", arguments.Select(TypeName))}>";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select((parameter, index) =>
        (index == 0 && method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "")
        + (parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "")
        + $"{TypeName(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? " = " + Default(parameter) : "")}"));

    private static string Default(ParameterInfo parameter) => parameter.DefaultValue switch
    {
        null => parameter.ParameterType.IsValueType && Nullable.GetUnderlyingType(parameter.ParameterType) is null ? "default" : "null",
        bool value => value ? "true" : "false",
        var value => value.ToString()!,
    };

    private static string TypeName(Type type)
    {
        if (type.IsByRef)
        {
            return TypeName(type.GetElementType()!);
        }

        if (type.IsArray)
        {
            return TypeName(type.GetElementType()!) + "[]";
        }

        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return TypeName(underlying) + "?";
        }

        return Keywords.TryGetValue(type, out var keyword)
            ? keyword
            : type.Name.Split('`')[0] + Generics(type.IsGenericType ? type.GetGenericArguments() : []);
    }
}
