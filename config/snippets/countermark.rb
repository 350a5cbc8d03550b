# Signed markers: see README.md beside this file.
require 'cgi'
require 'openssl'

module Countermark
  def self.key
    File.binread(ENV['COUNTERMARK_KEY_FILE'] || '/etc/countermark/marker.key')
        .gsub(/\A[ \t\r\n]+|[ \t\r\n]+\z/n, '')
  end

  # VALUE.SIGNATURE; `request` is the field Countermark-Request, nil: not bound.
  def self.signed(value, request = nil)
    text = request.nil? ? value : "#{value}|#{request}"
    digest = OpenSSL::HMAC.digest('SHA256', key, text)
    "#{value}.#{[digest].pack('m0').tr('+/', '-_').delete('=')}"
  end

  def self.meta(value, request = nil)
    %(<meta name="user-marker" content="#{CGI.escapeHTML(signed(value, request))}">)
  end
end
