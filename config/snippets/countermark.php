<?php
/* Signed markers: see README.md beside this file. */

function countermark_key()
{
    $file = getenv('COUNTERMARK_KEY_FILE') ?: '/etc/countermark/marker.key';
    return trim(file_get_contents($file), " \t\r\n");
}

/* VALUE.SIGNATURE */
function countermark_signed($value, $bound = true)
{
    $request = isset($_SERVER['HTTP_COUNTERMARK_REQUEST']) ? $_SERVER['HTTP_COUNTERMARK_REQUEST'] : '';
    $text = $bound ? $value . '|' . $request : $value;
    $digest = hash_hmac('sha256', $text, countermark_key(), true);
    return $value . '.' . rtrim(strtr(base64_encode($digest), '+/', '-_'), '=');
}

function countermark_meta($value, $bound = true)
{
    return '<meta name="user-marker" content="'
        . htmlspecialchars(countermark_signed($value, $bound), ENT_QUOTES, 'UTF-8') . '">';
}
