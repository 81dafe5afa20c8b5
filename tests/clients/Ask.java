import java.sql.*;

/** Ask URL USER PASSWORD SQL: a line a row, values between tabs, \N for NULL.  Asks seven times. */
public class Ask {
    public static void main(String[] given) throws SQLException {
        try (Connection connection = DriverManager.getConnection(given[0], given[1], given[2])) {
            connection.setAutoCommit(false);
            String first = null;
            // Beyond the fifth time a statement is kept on the server, and answers in binary.
            for (int turn = 0; turn < 7; turn++) {
                try (PreparedStatement statement = connection.prepareStatement(given[3])) {
                    statement.setFetchSize(turn % 2 == 0 ? 0 : 11);
                    String found = read(statement.executeQuery());
                    if (first == null) first = found;
                    if (!first.equals(found)) throw new SQLException("another answer");
                }
            }
            connection.commit();
            System.out.print(first);
        }
    }

    private static String read(ResultSet rows) throws SQLException {
        StringBuilder out = new StringBuilder();
        int width = rows.getMetaData().getColumnCount();
        while (rows.next()) {
            for (int n = 1; n <= width; n++) {
                String value = rows.getString(n);
                out.append(n > 1 ? "\t" : "").append(value == null ? "\\N" : value);
            }
            out.append('\n');
        }
        return out.toString();
    }
}
