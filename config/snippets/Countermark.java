import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Signed markers: see README.md beside this file. From Java 8 on. */
public final class Countermark {
    private Countermark() {}

    private static byte[] key() throws Exception {
        String file = System.getenv("COUNTERMARK_KEY_FILE");
        byte[] bytes = Files.readAllBytes(
            Paths.get(file != null ? file : "/etc/countermark/marker.key"));
        int from = 0;
        int to = bytes.length;
        while (from < to && isBlank(bytes[from])) {
            from++;
        }
        while (to > from && isBlank(bytes[to - 1])) {
            to--;
        }
        return java.util.Arrays.copyOfRange(bytes, from, to);
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t' || b == '\r' || b == '\n';
    }

    /** VALUE.SIGNATURE; `request` is the field Countermark-Request, null: not bound. */
    public static String signed(String value, String request) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key(), "HmacSHA256"));
        String text = request != null ? value + "|" + request : value;
        byte[] digest = mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        return value + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
    }

    public static String meta(String value, String request) throws Exception {
        String text = signed(value, request).replace("&", "&amp;").replace("\"", "&quot;")
            .replace("<", "&lt;").replace(">", "&gt;");
        return "<meta name=\"user-marker\" content=\"" + text + "\">";
    }

    /** To try it: java Countermark.java VALUE [REQUEST] */
    public static void main(String[] arguments) throws Exception {
        System.out.println(meta(arguments[0], arguments.length > 1 ? arguments[1] : null));
    }
}
